"""Groups at the desk: a directory is looked at and brought in, a group is changed by hand, and who sees what."""

from __future__ import annotations

import io
import json
import re
import secrets
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser.fakes import NASTY
from conftest import Clock, make_group

from assistant.pages.desk import groups, upload
from corpus.custody import Wrong
from corpus.groups.files import File
from corpus.store import Store
from desk_pages.conftest import Browser, MakeApp, Ticks, signed_in

CANARY, CONTACT = "Zebra77", "carla.private@example.org"
ODD = (
    "Which circle,On what weekday,From,Zoom link,Passcode,Contact,Notes\n"
    f"Night Owls,Monday,19:00,https://zoom.us/j/1?pwd={CANARY},{CANARY},{CONTACT},Bring tea. Passcode: {CANARY}\n"
    "Early Birds,Tuesday,07:30,,,,\n,Friday,10:00,,,,\n"
)


def send(one: Browser, *files: tuple[str, bytes | str], key: str | None = None, **fields: str) -> httpx.Response:
    """The form with files, as a browser sends it."""
    given = {"form_key": one.key() if key is None else key, "timezone": "Europe/London", "part": "", **fields}
    edge = secrets.token_hex(8)
    out = b"".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in given.items()
    )
    for name, data in files:
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = data.encode() if isinstance(data, str) else data
        out += head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + body + b"\r\n"
    kind = {"content-type": f"multipart/form-data; boundary={edge}"}
    return one.post("/desk/groups/import", out + f"--{edge}--\r\n".encode(), headers=kind)


def carried(page: httpx.Response) -> dict[str, str]:
    """The form that confirms, as it stands on the page."""
    form = page.text.split('action="/desk/groups/import/read"')[1].split("</form>")[0]
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)">(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def bring(one: Browser, page: httpx.Response, **changes: str) -> httpx.Response:
    return one.post("/desk/groups/import/read", {**carried(page), "do": "bring", **changes})


def sheet(one: Browser, text: str = ODD, **fields: str) -> httpx.Response:
    """Looked at, the columns corrected, and brought in."""
    page = send(one, ("town.csv", text), feed="town", **fields)
    columns = {"col-name": "Which circle", "col-day": "On what weekday", "col-time": "From"}
    again = one.post("/desk/groups/import/read", {**carried(page), **columns, "do": "bring"})
    assert carried(page)["col-passcode"] == "Passcode", "what was guessed stays, also where there is no name"
    assert "What would come in" in again.text, "changed columns are read before anything is brought in"
    return bring(one, again)


def test_a_sheet_is_looked_at_corrected_and_brought_in(make: MakeApp, store: Store) -> None:
    one = signed_in(make, "cleo")
    page = send(one, ("town.csv", ODD), feed="town")
    assert page.status_code == 200
    assert store.directories() == ()
    done = sheet(one)
    assert "What came in" in done.text
    assert "3 records = 2 loaded + 1 refused" in done.text
    assert "It has no name." in done.text
    assert {group.name for group in store.visible_groups().values()} == {"Night Owls", "Early Birds"}
    listed = one.get("/desk/groups?q=owls")
    assert "Night Owls" in listed.text
    assert "Early Birds" not in listed.text
    line = next(line for line in store.audit(5) if line.verb == "directory")
    assert (line.actor, line.subject) == ("cleo", "town")


def test_the_same_file_twice_changes_nothing_and_a_newer_one_keeps_what_was_edited(make: MakeApp, store: Store) -> None:
    one = signed_in(make, "cleo")
    sheet(one)
    revision = store.revision()
    assert "2 unchanged" in sheet(one).text
    assert store.revision() == revision
    id = next(group.id for group in store.visible_groups().values() if group.name == "Night Owls")
    edit(one, id, description="Ours.")
    newer = ODD.replace("19:00", "20:00").replace("Early Birds,Tuesday,07:30,,,,\n", "")
    key_of = {row.id: row for row in store.filed_groups()}
    assert key_of[id].edited
    done = sheet(
        one, newer.replace("Night Owls,Monday,20:00", "Night Owls,Monday,19:00").replace("Bring tea", "Bring milk")
    )
    assert "1 changed" in done.text, re.findall(r"<li[^>]*>(.*?)</li>", done.text)
    assert "1 gone" in done.text
    group = store.visible_groups()[id]
    assert (group.description, group.status) == ("Ours.", "active")


def test_a_ticket_is_taken_once_and_only_by_its_session(make: MakeApp, store: Store, ticks: Ticks) -> None:
    app = make()
    one, other = Browser(app), Browser(app)
    one.sign_in("cleo")
    other.sign_in("cleo")
    page = send(one, ("a.csv", "name,day,time\nOwls,Monday,19:00\n"))
    stolen = {**carried(page), "form_key": other.key()}
    assert other.post("/desk/groups/import/read", {**stolen, "do": "bring"}).status_code == 409
    assert bring(one, page).status_code == 200
    assert bring(one, page).status_code == 409
    page = send(one, ("a.csv", "name,day,time\nBats,Monday,19:00\n"))
    ticks.now += upload.HELD_SECONDS + 1
    late = bring(one, page)
    assert late.status_code == 409
    assert "choose the file again" in late.text
    assert len(store.visible_groups()) == 1


def test_another_process_asks_for_the_file_again(make: MakeApp, store: Store) -> None:
    here, there = Browser(make()), Browser(make())
    here.sign_in("cleo")
    there.cookies = here.cookies
    page = send(here, ("a.csv", "name,day\nOwls,Monday\n"), entity="The town")
    answer = bring(there, page)
    assert answer.status_code == 409
    assert "choose the file again" in answer.text
    assert 'value="The town"' in answer.text, "what was said is kept"
    assert store.directories() == ()


def test_signing_out_drops_the_file() -> None:
    shelf = upload.Shelf()
    shelf.put("a", (File("x", b"1"),), {})
    shelf.put("b", (File("x", b"1"),), {})
    shelf.drop("a")
    assert len(shelf) == 1


def test_signing_out_of_the_desk_drops_it(make: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = upload.Shelf()
    monkeypatch.setattr(upload, "Shelf", lambda _: shelf)
    one = signed_in(make, "cleo")
    send(one, ("a.csv", "name,day\nOwls,Monday\n"))
    assert len(shelf) == 1
    one.post("/desk/sign-out", {"form_key": one.key()})
    assert len(shelf) == 0


def test_the_shelf_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MOST_HELD", 25)
    shelf = upload.Shelf()
    tickets = [shelf.put(str(n), (File("x", b"0123456789"),), {}) for n in range(3)]
    assert [shelf.take(str(n), ticket) is not None for n, ticket in enumerate(tickets)] == [False, True, True]


def test_nothing_of_a_file_is_written_down(make: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a temporary file was made")

    one = signed_in(make, "cleo")
    monkeypatch.setattr(tempfile, "TemporaryFile", never)
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", never)
    page = send(one, ("big.csv", "name,day\nOwls,Monday\n" + f"{CANARY},Monday\n" * 200_000))
    assert page.status_code == 200
    data = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert CANARY.encode() not in data


def test_too_large_is_said_plainly(make: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    one = signed_in(make, "cleo")
    monkeypatch.setattr(upload, "MOST_UPLOAD", 2**20)
    answer = send(one, ("a.csv", b"x" * (2 * 2**20)))
    assert answer.status_code == 413
    assert "larger than 1 MB" in answer.text


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\x00" * (40 * 2**20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xlsx", bomb()), ("a.zip", bomb()), ("a.zip", b"PK\x03\x04 broken"), ("a.xlsx", b"no workbook"),
        ("a.csv", b"\xff\xfe\x00"), ("a.csv", b"\x81\x8d\x8f\n"), ("a.json", b"[" * 100_000), ("a.json", b"{"),
        ("a.ics", b"BEGIN:VCALENDAR"), ("a.exe", b"MZ\x00"), ("../../a.csv", b","), ('<img src=x>.csv', b"x\ny\n"),
        ("a.csv", b"," * 3000),
    ],
)  # fmt: skip
def test_hostile_files_bring_nothing(make: MakeApp, store: Store, name: str, data: bytes) -> None:
    one = signed_in(make, "cleo")
    page = send(one, (name, data), feed="town")
    assert page.status_code in (200, 422)
    assert "Bring these in" not in page.text
    assert "<img src=x" not in page.text
    assert store.directories() == ()


def test_names_with_html_are_shown_as_they_stand(make: MakeApp, store: Store) -> None:
    one = signed_in(make, "cleo")
    rows = [{"slug": f"m{n}", "name": f"Owls {bad}", "day": 1, "time": "19:00"} for n, bad in enumerate(NASTY)]
    page = send(one, ("a.json", json.dumps(rows)), feed=f"town {NASTY[0]}", entity=NASTY[0])
    pages = [
        page,
        bring(one, page),
        one.get("/desk/groups"),
        *(one.get(f"/desk/groups/{id}") for id in store.visible_groups()),
    ]
    for one_page in pages:
        assert one_page.status_code == 200
        assert "<img src=x" not in one_page.text
        assert "<script>" not in one_page.text


def test_damaged_forms_are_refused(make: MakeApp, store: Store) -> None:
    one = signed_in(make, "cleo")
    assert send(one, ("a.csv", "name\nx\n"), key="guessed").status_code == 403
    assert send(one).status_code == 422
    for body, kind in ((b"--x\r\nnothing", "multipart/form-data; boundary=x"), (b"x", "multipart/form-data")):
        assert one.post("/desk/groups/import", body, headers={"content-type": kind}).status_code == 403
    assert send(one, ("a.csv", "name\nx\n"), timezone="Mars/Base").status_code == 422
    assert send(one, ("a.csv", "name\nx\n"), ("b.csv", "name\nx\n")).status_code == 422
    for name in ("ann", "rita"):
        person = signed_in(make, name)
        assert send(person, ("a.csv", "name\nx\n")).status_code == 403
    assert send(Browser(make()), ("a.csv", "name\nx\n"), key="").status_code == 401
    assert store.directories() == ()


def edit(one: Browser, id: str, **changes: str) -> httpx.Response:
    """The form of a group as its page gives it, with fields changed."""
    page = one.get(f"/desk/groups/{id}").text
    form = page.split(f'action="/desk/groups/{id}/edit"')[1].split("</form>")[0]
    fields: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="(?:hidden|text)"[^>]* name="([^"]+)" value="([^"]*)"', form):
        fields[name] = value.replace("&#39;", "'").replace("&amp;", "&")
    for name, value in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL):
        fields[name] = value
    for name, value in re.findall(r'<input type="checkbox" name="([^"]+)" value="([^"]*)" checked', form):
        fields.setdefault(name, []).append(value)
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)">(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else ""
    return one.post(f"/desk/groups/{id}/edit", {**fields, **changes})


@pytest.fixture
def owls(make: MakeApp, store: Store) -> tuple[Browser, str]:
    one = signed_in(make, "cleo")
    sheet(one)
    return one, next(group.id for group in store.visible_groups().values() if group.name == "Night Owls")


def test_a_group_is_edited_and_one_field_taken_back(owls: tuple[Browser, str], store: Store) -> None:
    one, id = owls
    revision = store.revision()
    assert edit(one, id).status_code == 303
    assert store.revision() == revision, "a form that says the same changes nothing"
    answer = edit(one, id, name="Owls of ours", **{"place-city": "Leeds", "zone-0": "Europe/Dublin"})
    assert answer.headers["location"] == f"/desk/groups/{id}?done=edit"
    group = store.visible_groups()[id]
    assert (group.name, group.place and group.place.city, group.schedules[0].timezone) == (
        "Owls of ours",
        "Leeds",
        "Europe/Dublin",
    )
    key = one.key()
    assert one.post(f"/desk/groups/{id}/undo", {"form_key": key, "field": "name"}).status_code == 303
    assert store.visible_groups()[id].name == "Night Owls"
    assert one.post(f"/desk/groups/{id}/undo", {"form_key": key, "field": "name"}).status_code == 409
    lines = [line for line in store.audit(4) if line.verb == "group"]
    assert [(line.actor, line.subject) for line in lines] == [("cleo", id), ("cleo", id)]


def test_a_link_and_a_place_can_be_emptied_and_stay_so(owls: tuple[Browser, str], store: Store) -> None:
    one, id = owls
    assert store.visible_groups()[id].online
    assert edit(one, id, link="").status_code == 303
    assert store.visible_groups()[id].online is None
    assert edit(one, id, **{"place-city": "Leeds"}).status_code == 303
    emptied = {
        f"place-{name}": "" for name in ("name", "street", "city", "region", "postal_code", "country", "directions")
    }
    assert edit(one, id, **emptied).status_code == 303
    group = store.visible_groups()[id]
    assert (group.online, group.place) == (None, None)
    assert one.get(f"/desk/groups/{id}").status_code == 200
    assert one.post(f"/desk/groups/{id}/undo", {"form_key": one.key(), "field": "online"}).status_code == 303
    assert store.visible_groups()[id].online


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""}, {"kind": "cult"}, {"themes": "nothing"}, {"zone-0": "Mars/Base"}, {"start-0": "25:00"},
        {"description": "Passcode: 998877"}, {"link": "javascript:alert(1)"}, {"link": "https://zoom.us/j/1?pwd=abc"},
        {"place-country": "Eire"}, {"languages": "not a tag"}, {"phone": "1" * 50},
    ],
)  # fmt: skip
def test_an_edit_that_cannot_be_keeps_what_was_typed(
    owls: tuple[Browser, str], store: Store, changes: dict[str, str]
) -> None:
    one, id = owls
    before = store.visible_groups()[id]
    answer = edit(one, id, how_to_join="Ring the bell.", **changes)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "Ring the bell." in answer.text
    assert store.visible_groups()[id] == before


def test_an_edit_of_an_older_page_is_not_taken(owls: tuple[Browser, str], store: Store) -> None:
    one, id = owls
    assert edit(one, id, name="Other", seen="0" * 16).status_code == 409
    assert store.visible_groups()[id].name == "Night Owls"


def test_states_checked_today_and_taken_off(owls: tuple[Browser, str], store: Store, clock: Clock) -> None:
    one, id = owls
    key = one.key()

    def post(verb: str, **fields: str) -> int:
        return one.post(f"/desk/groups/{id}/{verb}", {"form_key": key, **fields}).status_code

    assert post("status", status="inactive") == 303
    assert store.visible_groups()[id].status == "inactive"
    assert post("status", status="active") == 303
    kept = store.group_file(id)
    assert kept
    assert (kept.group.status, dict(kept.edits)) == ("active", {})
    assert post("status", status="unlisted") == 422
    assert post("checked") == 303
    assert store.visible_groups()[id].checked_on == clock().date()
    assert post("withdraw") == 200
    assert id in store.visible_groups(), "asked once more"
    assert post("withdraw", sure="1") == 200
    assert store.group_file(id) is None
    assert one.get(f"/desk/groups/{id}").status_code == 404
    assert "1 stay away" in sheet(one).text


def test_what_readers_told_is_shown_first_and_settled_by_looking(owls: tuple[Browser, str], store: Store) -> None:
    one, id = owls
    assert "Readers told" not in one.get("/desk/groups").text.split("<tbody")[-1]
    birds = next(row.id for row in store.filed_groups() if row.id != id)
    store.tell_wrong(birds, Wrong.LINK)
    for reason in (Wrong.GONE, Wrong.UNSAFE, Wrong.GONE):
        store.tell_wrong(id, reason)
    page = one.get("/desk/groups").text
    assert "Readers told that something is wrong with 2 groups." in page
    assert page.index(f'href="/desk/groups/{id}"') < page.index(f'href="/desk/groups/{birds}"'), "in doubt comes first"
    assert "Told to be wrong: 3. Its card says that it may have changed" in page
    assert "2 of 2 groups." in one.get("/desk/groups?state=told").text
    file = one.get(f"/desk/groups/{id}").text
    assert "It no longer meets: 2" in file
    assert "It asked for money, or something felt unsafe: 1" in file
    assert "Somebody told us that this may have changed." in file
    assert f'href="/groups/{id}/wrong"' not in file, "at the desk it is put right, not told"
    assert one.post(f"/desk/groups/{id}/checked", {"form_key": one.key()}).status_code == 303
    assert set(store.told_wrong()) == {birds}
    one.post(f"/desk/groups/{birds}/withdraw", {"form_key": one.key(), "sure": "yes"})
    assert store.told_wrong() == {}


def test_a_group_of_no_directory_is_settled_too(make: MakeApp, store: Store) -> None:
    store.put_group(make_group("own"), "test")
    store.tell_wrong("own", Wrong.TIME)
    one = signed_in(make, "cleo")
    assert 'action="/desk/groups/own/checked"' in one.get("/desk/groups/own").text
    assert one.post("/desk/groups/own/checked", {"form_key": one.key()}).status_code == 303
    assert store.told_wrong() == {}
    reader = signed_in(make, "rita")
    store.tell_wrong("own", Wrong.TIME)
    page = reader.get("/desk/groups/own").text
    assert "The day or the time: 1" in page
    assert "/checked" not in page
    assert reader.post("/desk/groups/own/checked", {"form_key": reader.key()}).status_code == 403


def test_secrets_are_on_the_page_of_a_lead_and_nowhere_else(
    owls: tuple[Browser, str], make: MakeApp, store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    one, id = owls
    assert CANARY in one.get(f"/desk/groups/{id}").text, "the record, for a lead"
    assert CANARY not in one.get("/desk/groups").text
    for name in ("ann", "rita"):
        other = signed_in(make, name)
        for path in ("/desk/groups", f"/desk/groups/{id}", "/desk/groups?q=owls"):
            page = other.get(path)
            assert page.status_code == 200
            for secret in (CANARY, CONTACT):
                assert secret not in page.text, (name, path)
            assert "/edit" not in page.text
    report = send(one, ("town.csv", ODD), feed="town").text
    assert CANARY not in report
    assert CONTACT not in report
    assert CANARY not in "".join(capfd.readouterr())
    assert CANARY not in "".join(str(line) for line in store.audit(500))


def test_an_error_tells_nothing_of_the_file(
    make: MakeApp, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from assistant.pages.desk import groups_import

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError(CANARY)

    one = signed_in(make, "cleo")
    monkeypatch.setattr(groups_import, "read_files", fails)
    page = send(one, ("town.csv", ODD))
    assert page.status_code == 500
    assert CANARY not in page.text + "".join(capfd.readouterr())


def test_the_list_is_paged_and_narrowed(make: MakeApp) -> None:
    one = signed_in(make, "cleo")
    rows = [
        {"slug": f"m{n}", "name": f"Circle {n:03}", "day": 1, "time": f"{n % 24:02}:15", "city": f"Ort {n}"}
        for n in range(120)
    ]
    bring(one, send(one, ("a.json", json.dumps(rows)), feed="big"))
    first = one.get("/desk/groups").text
    assert len(re.findall(r'href="/desk/groups/big:', first)) == groups.SHOWN
    assert "Page 1 of 3" in first
    assert "Circle 119" in one.get("/desk/groups?page=3").text
    assert "Circle 007" in one.get("/desk/groups?q=ORT+7+circle").text
    assert "120 of 120" in one.get("/desk/groups?state=stale").text
    for odd in (
        "page=-1",
        "page=x",
        "page=999999999",
        "state=none",
        "feed=%3Cb%3E",
        "q=%ed%a0%80",
        "page=" + "9" * 5000,
    ):
        page = one.get(f"/desk/groups?{odd}")
        assert page.status_code == 200
        assert "<b>" not in page.text


def test_every_column_that_a_sheet_can_have_has_words() -> None:
    from assistant.words import keys
    from corpus.groups.columns import FIELDS

    assert {f"page.desk.groups.what.{field}" for field in FIELDS} <= set(keys())
