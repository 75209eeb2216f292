/* What the page does in the browser around the answers that the server draws: says that it is looking, keeps what was
   opened open, shows one story in place of the conversation, says what went wrong. The other panels (saved, choices, what
   is known) are in panels.js. Nothing here makes HTML out of text. */
window.sharedJourney = (function () {
  "use strict";
  const SLOW = 12000; // milliseconds after which "this takes longer" is said
  const AGAIN = 2500, AWAY = 20000; // milliseconds before what could not be sent is sent once more
  const NO_START = 25000; // milliseconds after which the simple page is offered
  const own = { token: null, attach: attach, panels: {}, refreshed: () => {}, left: () => {} }; // the last three: panels.js
  const open = new Set(); // keys of the details that the person opened; never sent anywhere
  let words = {}, trigger = null, busy = null, depth = 0, opener = null, wasAt = 0;

  const html = document.documentElement;
  const lang = html.getAttribute("lang"), dir = html.getAttribute("dir");
  const find = (where) => document.querySelector(where);
  const view = () => html.dataset.view || "talk";

  // ---- words and the live region
  function status(text) { const at = find("#sj-status"); if (at) at.textContent = text || ""; }
  function label(button, text) {
    const node = [...button.childNodes].find((n) => n.nodeType === 3 && n.data.trim());
    if (node) node.data = text; else button.prepend(text);
  }
  function labelOf(button) {
    const node = [...button.childNodes].find((n) => n.nodeType === 3 && n.data.trim());
    return node ? node.data : "";
  }

  // ---- looking, and what can go wrong while looking
  function work(button) {
    if (busy) return false;
    trouble(null);
    busy = { button: button, label: button ? labelOf(button) : "", timer: setTimeout(() => trouble("slow", true), SLOW) };
    if (button) { label(button, words["box.looking"]); button.setAttribute("aria-disabled", "true"); }
    html.dataset.busy = "yes";
    status(words["box.looking"]);
    return true;
  }
  function settle() {
    if (!busy) return;
    clearTimeout(busy.timer);
    if (busy.button) {
      if (busy.button.isConnected && labelOf(busy.button) === words["box.looking"]) label(busy.button, busy.label);
      busy.button.removeAttribute("aria-disabled");
    }
    busy = null;
    delete html.dataset.busy;
  }
  function trouble(kind, stillLooking) {
    const at = find("#sj-trouble");
    if (at) { at.textContent = kind ? words["trouble." + kind] : ""; at.hidden = !kind; }
    if (kind && !stillLooking) { settle(); status(""); }
  }
  // Gradio's client takes a lost connection for the end: it sends nothing more and reloads the page when the server is
  // back, and the words in the box would be gone. So it never learns of one: it is told that this one event failed.
  // It also loses an answer when something is sent while its stream of the last answer is being closed: we wait for that.
  const realFetch = window.fetch;
  const soon = (ms) => new Promise((done) => setTimeout(done, ms));
  let closing = Promise.resolve(), eventId = null;
  window.fetch = async function (what, how) {
    const url = String((what && what.url) || what);
    const join = /\/gradio_api\/queue\/join/.test(url), stream = /\/gradio_api\/queue\/data/.test(url);
    if (!join && !stream) return realFetch.apply(this, arguments);
    const signal = (what && what.signal) || (how && how.signal);
    if (join) await Promise.race([closing, soon(1500)]);
    if (stream && signal) closing = new Promise((done) => signal.addEventListener("abort", done));
    let answer = await tried(this, arguments, signal);
    if (!answer && join && busy) { // once more, by itself; the same words sent twice are taken for one message
      trouble("again", true);
      await connected();
      answer = await tried(this, arguments, signal);
    }
    if (!answer) answer = new Response('{"detail":"away"}', { status: 503, headers: { "content-type": "application/json" } });
    if (busy && !answer.ok) trouble({ 403: "refused", 413: "long", 421: "refused", 429: "fast" }[answer.status] || "gone");
    if (join && answer.ok) eventId = (await answer.clone().json()).event_id;
    if (stream) return new Response(answer.ok ? steady(answer.body, signal) : failed(), { headers: { "content-type": "text/event-stream" } });
    return answer;
  };
  async function tried(self, given, signal) {
    try { return await realFetch.apply(self, given); } catch (error) { if (signal && signal.aborted) throw error; return null; }
  }
  // Soon after the device says that it has a connection again, and after a while anyway: it may not know.
  function connected() {
    return new Promise((done) => {
      const late = setTimeout(done, navigator.onLine ? AGAIN : AWAY);
      window.addEventListener("online", () => { clearTimeout(late); setTimeout(done, 300); }, { once: true });
    });
  }
  function failed() {
    const event = { msg: "process_completed", event_id: eventId, success: false, output: { error: null } };
    return "data: " + JSON.stringify(event) + "\n\ndata: " + JSON.stringify({ msg: "close_stream", event_id: null }) + "\n\n";
  }
  // The stream of one answer. When it breaks off before the answer, it ends with a failed event in place of an error.
  function steady(body, signal) {
    const reader = body.getReader(), text = new TextDecoder();
    let tail = "", answered = false;
    return new ReadableStream({
      async pull(out) {
        try {
          const piece = await reader.read();
          if (!piece.done) {
            const seen = tail + text.decode(piece.value, { stream: true });
            answered = answered || seen.includes('"process_completed"');
            tail = seen.slice(-40);
            return out.enqueue(piece.value);
          }
        } catch (error) {
          if (signal && signal.aborted) return out.error(error);
        }
        if (busy && !answered) { trouble("gone"); out.enqueue(new TextEncoder().encode(failed())); }
        return out.close();
      },
      cancel(reason) { return reader.cancel(reason); },
    });
  }
  // Gradio says its errors in toasts, which cover the way out; they are hidden, and ours is said in their place.
  function watchToasts() {
    const known = new WeakSet();
    new MutationObserver(() => {
      document.querySelectorAll(".toast-body.error").forEach((toast) => {
        if (known.has(toast)) return;
        known.add(toast);
        if (busy) trouble("inside");
      });
    }).observe(document.body, { childList: true, subtree: true });
  }

  // ---- sending
  function act(data, button) {
    if (!trigger) return;
    if (work(button)) trigger(data);
  }
  function afterTalk(element) {
    const root = element.querySelector(".sj-talk");
    const answered = busy !== null;
    settle();
    if (!root) return;
    trouble(null);
    own.token = root.dataset.token;
    if (find("#sj-moment")) find("#sj-moment").hidden = true;
    if (find("#sj-no-start")) find("#sj-no-start").hidden = true;
    redo(element);
    if (root.dataset.opening === "yes" && !answered) { handOver(); return; }
    if (!html.dataset.begun) keepThisOne();
    html.dataset.begun = "yes";
    const turns = root.querySelectorAll(".sj-turn");
    const last = turns[turns.length - 1];
    if (!last) return;
    if (window.matchMedia("(pointer: coarse)").matches && document.activeElement) document.activeElement.blur();
    if (document.activeElement === document.body || document.activeElement === null) last.focus({ preventScroll: true });
    // The own message stands at the top, but never so long that it pushes the help off the screen.
    const help = last.querySelector(".sj-help:not(.sj-compact)");
    const far = help && help.getBoundingClientRect().top - last.getBoundingClientRect().top > 0.4 * window.innerHeight;
    (far ? help : last).scrollIntoView({ block: "start", behavior: "auto" });
    status(root.dataset.notice);
  }
  // Another language is another page and a new conversation: beside this one, so that what was written here is not lost.
  function keepThisOne() {
    document.querySelectorAll(".sj-languages a").forEach((link) => {
      const more = document.createElement("span");
      more.className = "sj-sr"; more.lang = lang; more.textContent = " (" + words["bar.new_tab"] + ")";
      link.target = "_blank"; link.rel = "noopener"; link.append(more);
    });
  }
  // Gradio removes attributes that only the browser set when it draws again: they are put back.
  function redo(element) {
    element.querySelectorAll("details[data-key]").forEach((d) => { d.open = open.has(d.dataset.key); });
    element.querySelectorAll("time[data-zone]").forEach((at) => window.sharedJourneyTime(at, words, lang));
    element.querySelectorAll("[data-from]").forEach((chip) => { chip.hidden = !atThisHour(Number(chip.dataset.from), Number(chip.dataset.to)); });
    refresh();
  }
  function atThisHour(start, end) {
    const hour = new Date().getHours();
    return start < end ? start <= hour && hour < end : hour >= start || hour < end;
  }
  function refresh() {
    document.querySelectorAll("[data-needs-scripts]").forEach((at) => { at.hidden = false; });
    own.refreshed();
  }
  // ---- one view at a time: talk, reading, or a panel. "Back" of the browser or phone goes one view back, not away.
  const START = { talk: "#sj-main", reading: "#sj-story", saved: "#sj-shelf", choices: "#sj-choices", knows: "#sj-knows" };
  function show(name) {
    html.dataset.view = name;
    document.querySelectorAll(".sj-view").forEach((at) => { at.hidden = "#" + at.id !== START[name]; });
    if (find(".sj-skip")) find(".sj-skip").setAttribute("href", START[name]);
  }
  // A jump to a fragment would count as "back" here, so the skip link moves the focus by itself.
  function skip(event) {
    event.preventDefault();
    const to = find(view() === "talk" ? START.talk : START[view()] + " h2");
    if (to) { to.focus({ preventScroll: true }); to.scrollIntoView({ block: "start" }); }
  }
  function enter(name, from) {
    if (view() === "talk") { wasAt = window.scrollY; opener = from ? { act: from.dataset.act, id: from.dataset.id } : null; }
    depth += 1;
    history.pushState({ sj: name, depth: depth }, "");
    show(name);
    window.scrollTo(0, 0);
  }
  function back() { if (depth > 0) history.back(); else returned("talk"); }
  function returned(name) {
    show(name);
    letGo(name);
    refresh();
    if (own.panels[name]) { own.panels[name](); focusOn(START[name] + " h2"); window.scrollTo(0, 0); }
    document.querySelectorAll("#sj-box textarea").forEach((box) => { box.dir = "auto"; });
    if (name === "talk") {
      window.scrollTo(0, wasAt);
      const id = opener && opener.id ? '[data-id="' + CSS.escape(opener.id) + '"]' : "";
      const to = opener && [...document.querySelectorAll('[data-act="' + opener.act + '"]' + id)].pop();
      if (to) to.focus({ preventScroll: true });
    }
  }
  // Words that are no longer read are not kept: neither in this page nor by the program, which empties the view.
  function letGo(name) {
    const story = find("#sj-story .sj-story");
    if (name !== "reading" && story && trigger) trigger({ act: "close", step: story.dataset.step });
  }
  window.addEventListener("popstate", (event) => {
    const at = event.state || {};
    depth = at.depth || 0;
    returned(own.panels[at.sj] || (at.sj === "reading" && find(".sj-story")) ? at.sj : "talk");
  });
  function focusOn(where) { const at = find(where); if (at) at.focus({ preventScroll: true }); }

  function afterStory(element) {
    const story = element.querySelector(".sj-story");
    if (!story) return; // it was closed, and is emptied
    const from = busy && busy.button;
    settle();
    if (story.dataset.gone) own.left(story.dataset.gone);
    redo(element);
    const close = story.querySelector('[data-act="close"]');
    if (close && view() === "saved") label(close, words["shelf.back"]);
    enter("reading", from);
    focusOn(".sj-story-title");
    status(words["status.reading"]);
  }

  // ---- every button
  // An act that the conversation answers: from a story it leads back there first.
  function onward(data, button) {
    if (view() === "talk") return act(data, button);
    opener = null;
    if (depth) history.go(-depth);
    show("talk");
    act(data, null);
  }
  const doing = {
    say: (b) => onward({ act: "say", text: b.dataset.text, label: b.dataset.label }, b),
    read: (b) => act({ act: "read", id: b.dataset.id }, b),
    not: (b) => act({ act: "not", id: b.dataset.id }, b),
    why: (b) => act({ act: "why", id: b.dataset.id, why: b.dataset.why }, b),
    more: (b) => onward({ act: "more", id: b.dataset.id }, b),
    close: back,
    forget: (b) => sure(b, true),
    "forget-no": (b) => sure(b, false),
    "forget-yes": async () => {
      try { await realFetch("/forget", { method: "POST", body: own.token || "" }); } catch (error) { return trouble("gone"); }
      document.querySelectorAll("textarea").forEach((box) => { box.value = ""; });
      window.location.replace(window.location.pathname + window.location.search);
      return undefined;
    },
  };
  function sure(button, asking) {
    const row = button.closest(".sj-ask-forget");
    row.querySelector(".sj-sure").hidden = !asking;
    const first = row.querySelector('[data-act="forget"]');
    first.hidden = asking;
    first.setAttribute("aria-expanded", String(asking));
    row.querySelector(asking ? '[data-act="forget-no"]' : '[data-act="forget"]').focus();
  }
  document.addEventListener("click", (event) => {
    const door = event.target.closest && event.target.closest("[data-door]");
    if (door && find("#sj-words").dataset.counting && navigator.sendBeacon) navigator.sendBeacon("/door", door.dataset.door);
    if (event.target.closest && event.target.closest(".sj-skip")) { skip(event); return; }
    const more = find(".sj-more[open]");
    if (more && !event.target.closest(".sj-more, [data-leave]")) more.open = false;
    const button = event.target.closest && event.target.closest("[data-act], #sj-send");
    if (!button) return;
    if (busy && (button.id === "sj-send" || /^(say|read|not|more|why|choose|unchoose)$/.test(button.dataset.act))) {
      event.preventDefault(); event.stopImmediatePropagation(); return;
    }
    if (button.id === "sj-send") work(button);
    else if (doing[button.dataset.act]) doing[button.dataset.act](button);
  }, true);
  document.addEventListener("toggle", (event) => {
    const key = event.target.dataset && event.target.dataset.key;
    if (key) { if (event.target.open) open.add(key); else open.delete(key); }
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest && event.target.closest("#sj-box, #sj-early")) {
      event.preventDefault();
      (find("#sj-early button") || find("#sj-send")).click();
    }
    if (event.key === "Escape") {
      const more = find(".sj-more[open]");
      if (more) { more.open = false; more.querySelector("summary").focus(); } else if (view() !== "talk") back();
    }
  });

  // ---- the country of the help lines, without leaving the conversation
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest(".sj-bar .sj-country");
    if (!form) return;
    event.preventDefault();
    const code = form.querySelector("select").value;
    const fields = new URLSearchParams(new FormData(form)); // the language of the page goes with it
    if (!code) fields.delete("country");
    const address = String(fields) ? "?" + fields : "";
    try {
      const answer = await realFetch("/help/bar" + address);
      if (!answer.ok) throw new Error(String(answer.status));
      find("#sj-bar").innerHTML = await answer.text(); // our own server's markup, escaped there
      refresh();
    } catch (error) { window.open("/help" + address, "_blank", "noopener"); return; }
    const more = find(".sj-more");
    more.open = true;
    more.querySelector("select").focus();
    history.replaceState(history.state, "", "/" + address);
    if (trigger && code) trigger({ act: "country", country: code });
    status(words["status.country"]);
  });

  // ---- the box that is there before the conversation is; by itself it leads to the simple page
  let waits = false; // something was sent from it, and goes out as soon as it can
  function handOver() {
    const form = find("#sj-early"), to = find("#sj-box textarea"), send = find("#sj-send");
    if (!form || !own.token || !to || !send) return;
    const from = form.querySelector("textarea"), typing = document.activeElement === from;
    if (typing && from.value && !waits) return; // not under somebody's hands
    const text = from.value, at = from.selectionStart, onButton = !typing && form.contains(document.activeElement);
    from.value = "";
    form.remove();
    delete html.dataset.early;
    if (text) { to.value = text; to.dispatchEvent(new Event("input", { bubbles: true })); }
    if (typing) { to.focus({ preventScroll: true }); to.setSelectionRange(at, at); }
    if (onButton) send.focus({ preventScroll: true });
    if (waits) setTimeout(() => send.click(), 50);
    waits = false;
  }
  document.addEventListener("focusout", (event) => { if (event.target.id === "sj-early-box") setTimeout(handOver); });
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "sj-early" || broken) return;
    event.preventDefault();
    if (waits || !event.target.querySelector("textarea").value.trim()) return;
    waits = true;
    label(event.target.querySelector("button"), words["box.looking"]);
    status(words["box.looking"]);
    handOver();
  });

  // ---- how much of the screen the box covers, as exit.js measures it of the bar; a box that covers too much goes along
  const MOST_BOX = 0.4; // of the height of the screen
  function measure() {
    const box = [find("#sj-early"), find("#sj-composer")].find((at) => at && at.offsetHeight);
    if (!box) return;
    const style = getComputedStyle(box), seen = box.offsetHeight + (parseFloat(style.bottom) || 0); // a part lies beyond the edge
    html.toggleAttribute("data-box-tall", seen > MOST_BOX * window.innerHeight);
    const covers = getComputedStyle(box).position === "fixed";
    html.style.setProperty("--box-seen", (covers ? Math.ceil(seen) : 0) + "px");
  }
  const boxes = window.ResizeObserver ? new ResizeObserver(measure) : null;
  function watchBox(where) { if (boxes && find(where)) boxes.observe(find(where)); }
  window.addEventListener("resize", measure);

  // ---- start
  function attach(name, element, itsTrigger, watch) {
    document.querySelectorAll("#sj-box textarea").forEach((box) => { box.dir = "auto"; });
    if (name === "talk") {
      document.title = words.title; // Gradio has set the one of the English page
      own.tell = trigger = itsTrigger;
      watch("value", () => afterTalk(element));
      watchBox("#sj-composer");
      afterTalk(element);
    }
    if (name === "story") watch("value", () => afterStory(element));
    refresh();
  }
  let broken = false; // a script of the page could not be fetched
  function notOpening() {
    broken = true;
    if (own.token || !find("#sj-no-start")) return;
    if (waits) find("#sj-early").submit();
    delete html.dataset.early; // the box stands below what is said now
    find("#sj-moment").hidden = true;
    find("#sj-no-start").hidden = false;
  }
  // This script stands below our own part of the page and above Gradio's: what it needs is here, what can fail comes after.
  words = JSON.parse(find("#sj-words").dataset.words);
  watchToasts();
  watchBox("#sj-early");
  setTimeout(notOpening, NO_START);
  window.addEventListener("error", (event) => { if (event.target && event.target.tagName === "SCRIPT") notOpening(); }, true);
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
  // Gradio sets the browser's language on the page; the page's own language is the right one (WCAG 3.1.1).
  new MutationObserver(() => {
    if (html.getAttribute("lang") !== lang) html.setAttribute("lang", lang);
    if (html.getAttribute("dir") !== dir) html.setAttribute("dir", dir);
  }).observe(html, { attributes: true, attributeFilter: ["lang", "dir"] });
  Object.assign(own, {
    find: find, status: status, label: label, view: view, enter: enter, onward: onward, focusOn: focusOn, doing: doing, START: START,
    say: (key, slots) => Object.entries(slots || {}).reduce((text, [name, value]) => text.split("{" + name + "}").join(value), words[key]),
    fetch: (...given) => realFetch.apply(window, given), trouble: trouble,
  });
  return own;
})();
