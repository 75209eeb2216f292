/* The desk: single keys. Every page works without them, and they can be turned off, which this browser remembers.
   `sjDesk.keys({ j: next, … })` adds the keys of a page; none fires while a field is typed in or with Ctrl, Alt, Meta. */
(function () {
  "use strict";
  var KEPT = "sj-desk-keys";
  var keys = {};
  var place = document.getElementById("sj-keys-place");
  var list = document.getElementById("sj-keys");
  var turn = document.getElementById("sj-keys-switch");

  function off() {
    try { return localStorage.getItem(KEPT) === "off"; } catch (error) { return false; }
  }

  function typing(target) {
    return target && target.closest &&
      !!target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  }

  document.addEventListener("keydown", function (event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (off() || typing(event.target)) return;
    var act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act && act(event) !== false) event.preventDefault();
  });

  window.sjDesk = {
    keys: function (more) { Object.keys(more).forEach(function (key) { keys[key] = more[key]; }); },
    say: function (text) {
      var line = document.getElementById("sj-desk-said");
      if (line) line.textContent = text;
    },
  };

  if (place && list && turn) {
    place.hidden = false;
    turn.textContent = off() ? list.dataset.on : list.dataset.off;
    turn.addEventListener("click", function () {
      try {
        if (off()) localStorage.removeItem(KEPT); else localStorage.setItem(KEPT, "off");
      } catch (error) { return; }
      turn.textContent = off() ? list.dataset.on : list.dataset.off;
    });
    window.sjDesk.keys({
      "?": function () {
        list.open = !list.open;
        if (list.open) { list.scrollIntoView({ block: "nearest" }); list.querySelector("summary").focus(); }
      },
    });
  }

  /* the queue: j and k walk its rows, Enter opens (a link does that by itself), / goes to the filters */
  var rows = Array.prototype.slice.call(document.querySelectorAll("tr[data-row]"));
  function walk(step) {
    return function () {
      if (!rows.length) return false;
      var here = rows.indexOf(document.activeElement && document.activeElement.closest("tr[data-row]"));
      var next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + step));
      (rows[next].querySelector("[data-open]") || rows[next]).focus();
    };
  }
  if (rows.length) window.sjDesk.keys({ j: walk(1), k: walk(-1) });
  var filter = document.querySelector(".sj-filters select");
  if (filter) window.sjDesk.keys({ "/": function () { filter.focus(); } });
})();

/* --- story page --- */
/* Marking words to be removed by selecting them, the keys of a reviewer, and nothing that the forms cannot do alone. */
(function () {
  "use strict";
  var page = document.getElementById("sj-desk-story");
  if (!page) return;
  var form = document.getElementById("sj-redact");
  var list = document.getElementById("sj-places");
  var bar = document.getElementById("sj-mark-bar");
  var undo = document.getElementById("sj-undo");
  var texts = Array.prototype.slice.call(page.querySelectorAll("[data-part]"));
  var history = []; // [value, whether it was ticked before]

  function say(what) {
    window.sjDesk.say(""); // so that the same words are said again
    window.setTimeout(function () { window.sjDesk.say(page.dataset[what]); }, 50);
  }

  // The numbers of the findings stand inside the text but are no part of it.
  function nodes(box) {
    var walk = document.createTreeWalker(box, NodeFilter.SHOW_TEXT, {
      acceptNode: function (node) {
        return node.parentElement.closest(".sj-ref") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT;
      }
    });
    var found = [];
    while (walk.nextNode()) found.push(walk.currentNode);
    return found;
  }
  function textOf(box) { return nodes(box).map(function (node) { return node.data; }).join(""); }
  function boxOf(part) { return texts.filter(function (box) { return box.dataset.part === part; })[0]; }
  // The server counts characters (code points), the browser counts halves of some of them.
  function count(text) { return Array.from(text).length; }

  function before(box, node, at) {
    var range = document.createRange();
    range.selectNodeContents(box);
    range.setEnd(node, at);
    var copy = range.cloneContents();
    copy.querySelectorAll(".sj-ref").forEach(function (ref) { ref.remove(); });
    return copy.textContent.length;
  }

  function selected() {
    var selection = window.getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return [];
    var range = selection.getRangeAt(0);
    return texts.filter(function (box) { return range.intersectsNode(box); }).map(function (box) {
      var text = textOf(box);
      var from = box.contains(range.startContainer) ? before(box, range.startContainer, range.startOffset) : 0;
      var to = box.contains(range.endContainer) ? before(box, range.endContainer, range.endOffset) : text.length;
      while (from < to && /\s/.test(text[from])) from++;
      while (to > from && /\s/.test(text[to - 1])) to--;
      var words = text.slice(from, to);
      var start = count(text.slice(0, from));
      return words ? [box.dataset.part, start, start + count(words), words].join(":") : "";
    }).filter(Boolean);
  }

  function read(value) {
    var cut = value.split(":");
    return { part: cut[0], start: +cut[1], end: +cut[2] };
  }
  function boxes() { return list ? Array.prototype.slice.call(list.querySelectorAll("input")) : []; }
  function hints() { return Array.prototype.slice.call(page.querySelectorAll(".sj-reasons input[type=checkbox]")); }
  function inList(value) { return boxes().filter(function (box) { return box.value === value; })[0]; }

  function item(value) {
    var place = read(value), box = boxOf(place.part), all = Array.from(textOf(box));
    var label = document.createElement("label"), tick = document.createElement("input"), words = document.createElement("span");
    label.className = "sj-option sj-spot";
    tick.type = "checkbox"; tick.name = "place"; tick.value = value;
    var where = document.createElement("span"), strong = document.createElement("strong"), slice = document.createElement("span");
    where.className = "sj-quiet"; where.textContent = box.dataset.label + ": ";
    slice.lang = box.lang; slice.dir = "auto";
    strong.textContent = all.slice(place.start, place.end).join("");
    slice.append("…" + all.slice(Math.max(0, place.start - 32), place.start).join(""), strong, all.slice(place.end, place.end + 32).join("") + "…");
    words.append(where, slice);
    label.append(tick, " ", words);
    list.append(label);
    return tick;
  }

  function set(value, on, quiet) {
    var box = inList(value) || item(value);
    if (!quiet && box.checked !== on) history.push([value, box.checked]);
    box.checked = on;
    draw();
  }

  function draw() {
    var on = boxes().filter(function (box) { return box.checked; }).map(function (box) { return box.value; });
    hints().forEach(function (hint) { hint.checked = on.indexOf(hint.value) >= 0; });
    form.querySelector(".sj-empty").hidden = boxes().length > 0;
    document.getElementById("sj-marked").hidden = on.length === 0;
    document.getElementById("sj-marked-count").textContent = on.length;
    undo.hidden = history.length === 0;
    if (!window.Highlight || !CSS.highlights) return;
    var ranges = on.map(function (value) {
      var place = read(value), box = boxOf(place.part);
      if (!box) return null;
      var all = Array.from(textOf(box));
      var from = all.slice(0, place.start).join("").length, to = from + all.slice(place.start, place.end).join("").length;
      var range = document.createRange(), at = 0, begun = false;
      nodes(box).forEach(function (node) {
        var end = at + node.data.length;
        if (!begun && from >= at && from < end) { range.setStart(node, from - at); begun = true; }
        if (begun && to > at && to <= end) range.setEnd(node, to - at);
        at = end;
      });
      return begun ? range : null;
    }).filter(Boolean);
    var highlight = new Highlight();
    ranges.forEach(function (range) { highlight.add(range); });
    CSS.highlights.set("sj-remove", highlight);
  }

  var held = [];
  function mark(values) {
    values.forEach(function (value) { set(value, true); });
    if (values.length) { window.getSelection().removeAllRanges(); say("added"); } else say("none");
  }

  if (form) {
    // With a script the form's own list is the one that counts; the ticks beside the findings follow it.
    hints().forEach(function (hint) {
      hint.removeAttribute("name");
      hint.addEventListener("change", function () { set(hint.value, hint.checked); say(hint.checked ? "ticked" : "unticked"); });
    });
    list.addEventListener("change", function (event) { history.push([event.target.value, !event.target.checked]); draw(); });
    form.querySelectorAll(".sj-script-only").forEach(function (note) { note.hidden = false; });
    bar.hidden = false;
    var button = document.getElementById("sj-mark");
    // A press can end the selection before it is a click.
    button.addEventListener("pointerdown", function (event) { held = selected(); event.preventDefault(); });
    button.addEventListener("click", function () { var now = selected(); mark(now.length ? now : held); held = []; });
    undo.addEventListener("click", function () {
      var last = history.pop();
      if (!last) return;
      set(last[0], last[1], true);
      say("undone");
      if (undo.hidden) button.focus();
    });
    hints().forEach(function (hint) { if (hint.checked) set(hint.value, true, true); }); // ticks that the browser kept
    draw();
  }

  // --- keys ---

  function findings() { return Array.prototype.slice.call(page.querySelectorAll("[data-finding]")); }
  function current() {
    var here = document.activeElement.closest("[data-finding], [data-why]");
    return here ? here.dataset.finding || here.dataset.why : "";
  }
  function step(by) {
    var all = findings(), now = current();
    if (!all.length) { say("first"); return; }
    var at = all.findIndex(function (one) { return one.dataset.finding === now; });
    var next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "center" });
  }
  function go(verb, field) {
    var box = document.getElementById("sj-" + verb + "-" + field);
    if (!box) return false;
    box.closest("details").open = true;
    box.focus();
    return true;
  }
  function remove(event) {
    if (!form || event.repeat) return false;
    var now = selected(), number = current();
    var hint = number && page.querySelector('[data-why="' + number + '"] input');
    if (!now.length && hint) { set(hint.value, !hint.checked); say(hint.checked ? "ticked" : "unticked"); } else mark(now);
    return true;
  }
  window.sjDesk.keys({
    a: function () { return go("approve", "reason"); },
    q: function () { return go("ask", "text"); },
    r: remove,
    n: function () { step(1); },
    p: function () { step(-1); },
    u: function () { document.getElementById("sj-up").click(); }
  });
})();
