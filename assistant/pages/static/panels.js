/* What stands in place of the conversation when it is asked for: what was saved, what can be chosen about stories, and
   what this page knows now. Only what the person saves is stored, in this browser: id, title, name, and whether it is a sample.
   Nothing here makes HTML out of text. */
(function () {
  "use strict";
  const own = window.sharedJourney;
  const { find, status, label, view, enter, onward, focusOn, doing, START, say } = own;
  const SHELF = "shared-journey.saved";
  const MOST_ASKED = 400; // saved things that are asked after at once
  let left = false; // something that was saved is no longer here, and this was not said yet

  // ---- saved stories and groups
  function saved() {
    try {
      const all = JSON.parse(localStorage.getItem(SHELF) || "[]");
      return Array.isArray(all) ? all.filter((s) => s && typeof s.id === "string") : [];
    } catch (error) { return []; }
  }
  function keep(all) {
    try { if (all.length) localStorage.setItem(SHELF, JSON.stringify(all)); else localStorage.removeItem(SHELF); } catch (error) { /* a browser that keeps nothing */ }
    own.refreshed();
  }
  own.refreshed = () => {
    const ids = new Set(saved().map((s) => s.id));
    document.querySelectorAll('[data-act="save"]').forEach((button) => {
      const has = ids.has(button.dataset.id);
      button.toggleAttribute("data-saved", has); // only for its look; the label says what pressing does
      label(button, say(has ? "card.unsave" : "card.save"));
      const said = button.closest("article") && button.closest("article").querySelector(".sj-saved-note");
      if (said) said.hidden = !has;
    });
    document.querySelectorAll('[data-act="wipe"], [data-act="export"]').forEach((button) => { button.hidden = ids.size === 0; });
    const shelf = find('[data-act="shelf"]');
    if (shelf) { shelf.hidden = ids.size === 0 && view() !== "saved" && !left; shelf.querySelector(".sj-count").textContent = String(ids.size); }
  };
  // What was withdrawn, or is no longer listed, leaves the shelf: at the next visit, or as soon as somebody opens it.
  own.left = (id) => {
    if (!saved().some((s) => s.id === id)) return;
    left = true;
    keep(saved().filter((s) => s.id !== id));
    find("#sj-shelf-gone").hidden = false;
  };
  async function askAfter() {
    const asked = saved().slice(0, MOST_ASKED);
    if (!asked.length) return;
    const ids = (group) => asked.filter((s) => (s.kind === "group") === group).map((s) => s.id);
    let there;
    try {
      const answer = await own.fetch("/kept", { method: "POST", body: JSON.stringify({ stories: ids(false), groups: ids(true) }) });
      if (!answer.ok) return;
      there = await answer.json();
    } catch (error) { return; } // not known now: nothing leaves
    const here = new Set([...there.stories, ...there.groups]);
    asked.filter((s) => !here.has(s.id)).forEach((s) => own.left(s.id));
    if (left) status(say("shelf.gone"));
  }
  function drawShelf() {
    const list = find("#sj-shelf-list");
    const all = saved();
    list.replaceChildren(...all.map((one) => {
      const item = document.createElement("li"), what = document.createElement("p"), name = document.createElement("span");
      const title = document.createElement("strong");
      title.textContent = one.title; title.dir = "auto";
      name.textContent = one.narrator; name.dir = "auto";
      what.append(title, " ", name);
      if (typeof one.origin === "string" && one.origin) {
        const from = document.createElement("span");
        from.className = "sj-origin"; from.textContent = one.origin;
        what.append(" · ", from);
      }
      item.append(what, one.kind === "group" ? way(one) : knob("read", one, say("shelf.read")), knob("unsave", one, say("shelf.remove")));
      return item;
    }));
    if (!all.length) { const none = document.createElement("li"); none.textContent = say("shelf.empty"); list.append(none); }
    left = false;
    own.refreshed();
  }
  function knob(name, one, text) {
    const button = document.createElement("button");
    button.type = "button"; button.className = "sj-button"; button.dataset.act = name; button.dataset.id = one.id;
    button.append(text, unseen(": " + one.title));
    return button;
  }
  function way(group) {
    const link = document.createElement("a");
    link.className = "sj-button"; link.href = pageOf(group); link.target = "_blank"; link.rel = "noopener";
    link.append(say("shelf.group"), unseen(": " + group.title + " (" + say("bar.new_tab") + ")"));
    return link;
  }
  function unseen(text) {
    const more = document.createElement("span");
    more.className = "sj-sr"; more.textContent = text;
    return more;
  }
  const pageOf = (group) => "/groups/" + encodeURIComponent(group.id) + location.search;
  // A list to keep elsewhere: no words of a story, and a name that says nothing.
  function file() {
    const lines = saved().map((one) => {
      const where = one.kind === "group" ? location.origin + "/groups/" + encodeURIComponent(one.id) : "";
      return [one.title, one.narrator, one.origin, where].filter(Boolean).join(" · ");
    });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/plain;charset=utf-8" }));
    link.download = "list.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
  own.panels.saved = drawShelf;
  Object.assign(doing, {
    save: (b) => {
      const id = b.dataset.id, all = saved(), has = all.some((s) => s.id === id);
      const one = { id: id, title: b.dataset.title, narrator: b.dataset.narrator, origin: b.dataset.origin };
      if (b.dataset.kind === "group") one.kind = "group";
      keep(has ? all.filter((s) => s.id !== id) : all.concat(one));
      status(say(has ? "status.unsaved" : "status.saved"));
    },
    unsave: (b) => { keep(saved().filter((s) => s.id !== b.dataset.id)); drawShelf(); focusOn("#sj-shelf h2"); status(say("status.unsaved")); },
    wipe: () => {
      keep([]);
      own.panels[view()]();
      focusOn(START[view()] + " h2");
      status(say("status.wiped"));
    },
    export: file,
    shelf: (b) => { find("#sj-shelf-gone").hidden = !left; drawShelf(); enter("saved", b); focusOn("#sj-shelf h2"); },
  });

  // ---- what can be chosen about stories
  const talk = () => find("#sj-talk .sj-talk");
  function chosen() { try { return JSON.parse(talk().dataset.dials); } catch (error) { return {}; } }
  // The form shows what the conversation holds, however it was chosen: by words too.
  function fillIn() {
    const form = find("#sj-choices-form"), now = chosen();
    if (!form) return;
    form.reset();
    for (const at of form.elements) {
      const value = now[at.name];
      if (at.type === "radio") at.checked = at.value === (value || "");
      if (at.type === "checkbox") at.checked = Array.isArray(value) && value.includes(at.value);
      if (at.type === "text") at.value = value || "";
    }
    tell(form);
  }
  function tell(form) {
    form.querySelectorAll("[data-ticked]").forEach((at) => {
      const count = form.querySelectorAll('input[name="' + at.dataset.ticked + '"]:checked').length;
      at.textContent = count ? "(" + count + ")" : "";
    });
  }
  function taken(form) {
    const found = {};
    for (const at of form.elements) {
      if (at.type === "radio" && at.checked && at.value) found[at.name] = at.value;
      if (at.type === "checkbox" && at.checked) (found[at.name] = found[at.name] || []).push(at.value);
      if (at.type === "text" && at.value.trim()) found[at.name] = at.value;
    }
    return found;
  }
  own.panels.choices = fillIn;
  // A note was left out from within a story: the conversation is not drawn again for it, so it is noted here.
  own.without = (note, on, said) => {
    const root = talk(), now = chosen(), notes = new Set(now.without || []);
    if (!root) return;
    if (on) notes.add(note); else notes.delete(note);
    root.dataset.dials = JSON.stringify({ ...now, without: [...notes] });
    root.dataset.chosen = (root.dataset.chosen ? root.dataset.chosen + " " : "") + said;
  };
  document.addEventListener("change", (event) => { const form = event.target.closest && event.target.closest("#sj-choices-form"); if (form) tell(form); });
  document.addEventListener("submit", (event) => { if (event.target.id === "sj-choices-form") { event.preventDefault(); find('[data-act="choose"]').click(); } });
  Object.assign(doing, {
    choices: async (b) => {
      if (!find("#sj-choices-form")) {
        try {
          const answer = await own.fetch("/choices?lang=" + document.documentElement.lang);
          if (!answer.ok) throw new Error(String(answer.status));
          find("#sj-choices-here").innerHTML = await answer.text(); // our own server's markup, escaped there
        } catch (error) { own.trouble("gone"); return; }
      }
      fillIn();
      enter("choices", b);
      focusOn("#sj-choices h2");
    },
    choose: (b) => onward({ act: "choose", dials: JSON.stringify(taken(find("#sj-choices-form"))) }, b),
    unchoose: (b) => onward({ act: "choose", dials: "{}" }, b),
  });

  // ---- what this page knows now: counted from what is here, so that it cannot say more or less
  function drawKnown() {
    const all = find("#sj-words").dataset, root = talk(), held = root ? JSON.parse(root.dataset.memory) : {};
    const country = find("#sj-country"), place = country && country.value ? country.selectedOptions[0].textContent : "";
    const draft = [...document.querySelectorAll("textarea")].some((box) => box.value.trim());
    const count = saved().length;
    lines("#sj-knows-program", [
      say(held.messages ? "knows.messages" : "knows.no_messages", { count: held.messages, minutes: all.minutes }),
      held.messages ? say("knows.care") : "",
      held.stories || held.groups ? say("knows.shown", { stories: held.stories, groups: held.groups }) : "",
      root && root.dataset.chosen ? root.dataset.chosen : "",
      place ? say("knows.country", { country: place }) : say("knows.no_country"),
      say("knows.language", { language: all.tongue }),
    ]);
    lines("#sj-knows-browser", [
      draft ? say("knows.draft") : "",
      count ? say("knows.saved", { count: count }) : say("knows.no_saved"),
    ]);
    own.refreshed();
  }
  function lines(where, texts) {
    find(where).replaceChildren(...texts.filter(Boolean).map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }));
  }
  own.panels.knows = drawKnown;
  doing.knows = (b) => {
    const more = find(".sj-more[open]");
    if (more) more.open = false;
    if (view() === "knows") return;
    drawKnown();
    enter("knows", b);
    focusOn("#sj-knows h2");
  };

  document.addEventListener("DOMContentLoaded", askAfter);
})();
