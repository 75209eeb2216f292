/* Looking through groups: the list is fetched and put in the place of the old one, by POST, so that no address and no
   history says what was looked for. Nothing is stored. Without this file the form does the same with a new page. */
(function () {
  "use strict";
  const find = (where) => document.querySelector(where);
  const words = JSON.parse(find("#sj-words").dataset.words);
  const lang = document.documentElement.lang;
  let asking = 0; // the number of the last question: an older answer that comes late is dropped

  function times() { document.querySelectorAll("time[data-zone]").forEach((at) => window.sharedJourneyTime(at, words, lang)); }
  function status(text) { find("#sj-status").textContent = text; }

  async function show(form, pressed) {
    const fields = new URLSearchParams(new FormData(form));
    if (pressed && pressed.name) fields.append(pressed.name, pressed.value);
    fields.append("only", "list");
    const mine = ++asking, found = find("#sj-found"), failed = find("#sj-groups-failed");
    const turned = form.id !== "sj-groups-form";
    failed.hidden = true;
    found.setAttribute("aria-busy", "true");
    status(words["groups.busy"]);
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields });
      if (!answer.ok) throw new Error(String(answer.status));
      const list = await answer.text();
      if (mine !== asking) return;
      found.innerHTML = list; // our own server's markup, escaped there
    } catch (error) {
      if (mine !== asking) return;
      status("");
      failed.textContent = words["groups.failed"];
      failed.hidden = false;
      return;
    } finally {
      if (mine === asking) found.removeAttribute("aria-busy");
    }
    times();
    const heading = find("#sj-count");
    status(heading.textContent);
    // The button that was pressed is gone with the old list, so the focus goes to the new one. After the form it stays.
    if (turned) heading.focus({ preventScroll: true });
    (turned ? heading : find("#sj-groups-send")).scrollIntoView({ block: "start" });
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("#sj-groups-form, .sj-turn-page")) return;
    if (event.submitter && event.submitter.hasAttribute("formaction")) return; // another language: all of the page is new
    event.preventDefault();
    show(form, event.submitter);
  });

  // ---- the page of one group
  const doings = find("#sj-group-doings"), address = find("#sj-address");
  const doing = {
    copy: async () => {
      try { await navigator.clipboard.writeText(address.textContent); status(words["groups.copied"]); }
      catch (error) { status(words["groups.copied.not"]); }
    },
    send: async () => { try { await navigator.share({ url: address.textContent }); } catch (error) { /* not sent after all */ } },
    print: () => window.print(),
  };
  if (doings) {
    doings.hidden = false;
    doings.querySelector('[data-do="send"]').hidden = !navigator.share;
    doings.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) doing[button.dataset.do]();
    });
    // On paper everything is open; afterwards as it was.
    let closed = [];
    window.addEventListener("beforeprint", () => {
      closed = [...document.querySelectorAll("main details:not([open])")];
      closed.forEach((one) => { one.open = true; });
    });
    window.addEventListener("afterprint", () => closed.forEach((one) => { one.open = false; }));
  }

  // "Back" must not bring up what was chosen before from the browser's memory.
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
  times();
})();
