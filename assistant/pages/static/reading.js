/* How a whole story is read: size of the words, line focus, reading aloud by a voice of this device, a pause, and what a
   reader says of it. No word of the story is changed: what is marked is marked by ranges. What was chosen is kept in this
   page only, in the variables below, and is gone with it. Nothing is spoken before somebody asks for it. */
(function () {
  "use strict";
  const html = document.documentElement;
  const AT = 0.42; // where on the screen the lines in focus stand, as a share of its height
  const MOST = 30; // words of a piece in focus, about three lines on a phone; one longer sentence stays whole
  const CAN_MARK = Boolean(window.CSS && CSS.highlights && window.Highlight); // else whole parts are in focus
  const looks = { size: "0", line: false };
  let story = null; // the open story
  let lines = [], at = -1; // pieces for the line focus, and the one in focus
  let held = NaN; // where our own scrolling left the page: that is no wish to move the focus
  let aloud = null; // what is being read aloud
  let pausedAt = null; // where a pause began

  const style = document.createElement("link");
  style.rel = "stylesheet"; style.href = document.currentScript.dataset.style;
  document.head.append(style);

  const inStory = (where) => (story ? story.querySelector(where) : null);
  function tell(data) { const own = window.sharedJourney; if (own && own.tell) own.tell(data); }

  // ---- pieces: {words: the element of a part, start, end} in its text
  function sentences(words) {
    const text = words.textContent;
    const cut = window.Intl && Intl.Segmenter ? [...new Intl.Segmenter(words.lang || "en", { granularity: "sentence" }).segment(text)] : [];
    const all = cut.length ? cut.map((s) => [s.index, s.segment]) : [...text.matchAll(/[^\n]+/g)].map((s) => [s.index, s[0]]);
    return all.filter(([, said]) => said.trim()).map(([start, said]) => ({ words: words, start: start + said.search(/\S/), end: start + said.trimEnd().length }));
  }
  const textOf = (piece) => piece.words.textContent.slice(piece.start, piece.end);
  const count = (text) => text.split(/\s+/).length;
  function linesOf(words) {
    if (!CAN_MARK) return [{ words: words, start: 0, end: words.textContent.length }];
    const found = [];
    sentences(words).forEach((next) => {
      const last = found[found.length - 1];
      const between = last ? words.textContent.slice(last.end, next.start) : "\n";
      if (!between.includes("\n") && count(textOf({ words: words, start: last.start, end: next.end })) <= MOST) last.end = next.end;
      else found.push(next);
    });
    return found;
  }
  function rangeOf(piece) {
    const range = document.createRange(), walk = document.createTreeWalker(piece.words, NodeFilter.SHOW_TEXT);
    let before = 0, begun = false;
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const end = before + node.length;
      if (!begun && piece.start < end) { range.setStart(node, piece.start - before); begun = true; }
      if (begun && piece.end <= end) { range.setEnd(node, piece.end - before); break; }
      before = end;
    }
    return range;
  }
  function paint(name, piece) {
    if (!CAN_MARK) return;
    if (piece) CSS.highlights.set(name, new Highlight(rangeOf(piece))); else CSS.highlights.delete(name);
  }
  const boxOf = (piece) => rangeOf(piece).getBoundingClientRect();

  // ---- line focus
  function light(n) {
    at = n;
    paint("sj-line", lines[n]);
    if (story) story.querySelectorAll(".sj-story-part").forEach((part) => part.toggleAttribute("data-lit", Boolean(lines[n]) && part.contains(lines[n].words)));
  }
  function nearest() {
    const y = window.innerHeight * AT;
    let best = -1, least = Infinity;
    lines.forEach((piece, n) => {
      const box = boxOf(piece), far = y < box.top ? box.top - y : Math.max(0, y - box.bottom);
      if (far < least) { best = n; least = far; }
    });
    if (best !== at) light(best);
  }
  function toSight(piece) {
    const box = boxOf(piece);
    window.scrollBy(0, (box.top + box.bottom) / 2 - window.innerHeight * AT);
    held = window.scrollY;
  }
  function move(by) {
    light(Math.min(Math.max(at + by, 0), lines.length - 1));
    if (lines[at]) toSight(lines[at]);
  }
  function tapped(event) {
    const under = (piece) => [...rangeOf(piece).getClientRects()].some((r) => event.clientX >= r.left && event.clientX <= r.right && event.clientY >= r.top && event.clientY <= r.bottom);
    const n = lines.findIndex(under);
    if (n >= 0 && String(window.getSelection()) === "") light(n);
  }
  let asked = false;
  window.addEventListener("scroll", () => {
    if (!story || !looks.line || asked || Math.abs(window.scrollY - held) < 2) return;
    asked = true; held = NaN;
    requestAnimationFrame(() => { asked = false; if (story && looks.line) nearest(); });
  }, { passive: true });

  // ---- the looks, as they were chosen in this page
  function dress() {
    html.dataset.size = looks.size;
    if (looks.line) html.dataset.line = CAN_MARK ? "lines" : "parts"; else delete html.dataset.line;
    if (!story) return;
    story.querySelectorAll('[data-read="size"]').forEach((box) => { box.checked = box.value === looks.size; });
    story.querySelectorAll('[data-read="line"]').forEach((box) => { box.checked = looks.line; });
    if (looks.line) nearest(); else light(-1);
  }

  // ---- reading aloud, by a voice that lives on this device: any other would send the story to whoever offers it
  const speech = window.speechSynthesis;
  function voiceFor(lang) {
    if (!speech || !window.SpeechSynthesisUtterance) return null;
    const tag = (text) => text.replace("_", "-").toLowerCase(), wanted = tag(lang);
    const here = speech.getVoices().filter((v) => v.localService === true && tag(v.lang).split("-")[0] === wanted.split("-")[0]);
    return here.find((v) => tag(v.lang) === wanted) || here.find((v) => v.default) || here[0] || null;
  }
  const languageOf = () => { const words = inStory(".sj-words"); return (words && words.lang) || "en"; };
  function offerVoice() {
    if (!story) return;
    const there = voiceFor(languageOf()) !== null;
    inStory(".sj-voice").hidden = !there;
    inStory(".sj-no-voice").hidden = there;
  }
  if (speech && speech.addEventListener) speech.addEventListener("voiceschanged", offerVoice);

  function begin() {
    hush();
    aloud = { pieces: [...story.querySelectorAll(".sj-words")].flatMap(sentences), n: 0, turn: 0, saying: null };
    inStory(".sj-aloud").hidden = false;
    inStory('[data-read="hold"]').focus({ preventScroll: true });
    toSight(aloud.pieces[0]);
    sayOn();
  }
  function sayOn() {
    const piece = aloud.pieces[aloud.n], voice = voiceFor(languageOf()); // looked for anew: voices come and go
    if (!piece || !voice) return hush();
    const turn = (aloud.turn += 1), saying = (aloud.saying = new SpeechSynthesisUtterance(textOf(piece)));
    saying.voice = voice; saying.lang = voice.lang;
    saying.onend = () => { if (aloud && aloud.turn === turn) { const seen = inSight(piece); aloud.n += 1; sayOn(); if (aloud && seen && !inSight(aloud.pieces[aloud.n])) toSight(aloud.pieces[aloud.n]); } };
    saying.onerror = () => { if (aloud && aloud.turn === turn) hush(); };
    html.dataset.aloud = "on";
    holding(false);
    paint("sj-said", piece);
    if (looks.line) light(lines.findIndex((line) => line.words === piece.words && line.start <= piece.start && piece.end <= line.end));
    speech.speak(saying);
    return undefined;
  }
  const inSight = (piece) => { const box = boxOf(piece); return box.bottom > 0 && box.top < window.innerHeight * 0.85; };
  function holding(yes) {
    const button = inStory('[data-read="hold"]');
    button.textContent = yes ? button.dataset.on : button.dataset.hold;
  }
  // A browser's own pause forgets where it was on some phones: the sentence is begun again.
  function hold() {
    if (html.dataset.aloud === "held") return sayOn();
    aloud.turn += 1;
    speech.cancel();
    html.dataset.aloud = "held";
    return holding(true);
  }
  function hush() {
    if (!aloud) return;
    aloud = null;
    speech.cancel();
    delete html.dataset.aloud;
    paint("sj-said", null);
    const bar = inStory(".sj-aloud");
    if (!bar) return;
    if (bar.contains(document.activeElement)) {
      const back = inStory('[data-read="aloud"]');
      (back && back.offsetParent ? back : inStory(".sj-story-title")).focus({ preventScroll: true });
    }
    bar.hidden = true;
  }

  // ---- a pause: the help lines, a sentence, and one way back; no clock
  function pause(button) {
    hush();
    pausedAt = { button: button, y: window.scrollY };
    html.dataset.pause = "yes";
    inStory(".sj-pause").hidden = false;
    window.scrollTo(0, 0);
    inStory(".sj-pause h2").focus({ preventScroll: true });
  }
  function unpause() {
    if (!pausedAt) return;
    const from = pausedAt;
    pausedAt = null;
    delete html.dataset.pause;
    if (!story) return;
    inStory(".sj-pause").hidden = true;
    window.scrollTo(0, from.y);
    from.button.focus({ preventScroll: true });
  }

  const doing = {
    passage: () => { const mark = inStory("mark"); mark.focus({ preventScroll: true }); mark.scrollIntoView({ block: "center" }); if (looks.line) nearest(); },
    aloud: begin,
    hold: hold,
    hush: hush,
    pause: pause,
    unpause: unpause,
    without: (b) => {
      const on = b.dataset.on, other = on === "yes" ? "no" : "yes";
      tell({ act: "without", note: b.dataset.note, on: on });
      b.closest("details").querySelector(".sj-without-said").textContent = b.getAttribute("data-said-" + on);
      window.sharedJourney.without(b.dataset.note, on === "yes", b.getAttribute("data-said-" + on));
      b.dataset.on = other;
      b.textContent = b.getAttribute("data-" + other);
    },
    // Counting is worth no waiting and no error: it is thanked for at once.
    felt: (b) => {
      const whole = b.closest(".sj-felt"), thanks = whole.querySelector(".sj-felt-thanks");
      tell({ act: "felt", id: b.dataset.id, what: b.dataset.what });
      whole.querySelectorAll('[data-read="felt"]').forEach((one) => one.setAttribute("aria-pressed", String(one === b)));
      thanks.textContent = thanks.dataset.thanks;
      whole.querySelector(".sj-felt-heavy").hidden = b.dataset.what !== "heavier";
    },
  };
  document.addEventListener("click", (event) => {
    const target = event.target.closest ? event.target : null;
    if (target && target.closest("[data-leave]")) hush();
    const button = target && target.closest("button[data-read]");
    if (button && story && doing[button.dataset.read]) doing[button.dataset.read](button);
    else if (story && looks.line && target && target.closest(".sj-story .sj-words")) tapped(event);
  });
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!story || !box.dataset) return;
    if (box.dataset.read === "size") looks.size = box.value;
    if (box.dataset.read === "line") looks.line = box.checked;
    if (box.dataset.read) dress();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      hush();
      if (pausedAt && !document.querySelector(".sj-more[open]")) { event.stopPropagation(); unpause(); }
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !story || !looks.line || pausedAt || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest && event.target.closest("input, select, textarea, .sj-bar")) return;
    event.preventDefault();
    move(step);
  }, true);
  window.addEventListener("pagehide", hush);

  // ---- a story opens and closes
  function opened() {
    const now = document.querySelector("#sj-story .sj-story[data-story]");
    closed();
    if (!now) return;
    story = now;
    story.querySelectorAll("[data-reader]").forEach((part) => { part.hidden = false; });
    lines = [...story.querySelectorAll(".sj-words")].flatMap(linesOf);
    offerVoice();
    dress();
  }
  function closed() {
    hush();
    pausedAt = null;
    delete html.dataset.pause;
    light(-1);
    story = null;
    lines = [];
  }
  new MutationObserver(() => { if (html.dataset.view === "reading") opened(); else closed(); })
    .observe(html, { attributes: true, attributeFilter: ["data-view"] });
})();
