/* The way out, on every page: the button, or Esc twice. Forgets the conversation first, then opens an ordinary page
   in place of this one, so that "back" does not lead here. Works before and without everything else. */
(function () {
  "use strict";
  var TWICE = 900; // milliseconds between two presses of Esc
  var MOST = 0.4; // how much of the height of the screen the bar may keep
  var last = 0;

  function leave() {
    var link = document.querySelector("[data-leave]");
    var to = link ? link.href : "about:blank";
    var own = window.sharedJourney;
    if (own && own.token && navigator.sendBeacon) navigator.sendBeacon("/forget", own.token);
    try { window.sessionStorage.clear(); } catch (error) { /* storage is off */ }
    window.name = ""; // it makes a draft readable
    document.querySelectorAll("textarea").forEach(function (box) { box.value = ""; });
    document.documentElement.style.visibility = "hidden";
    // An open story is a step of its own in the history: go back to the first, so that none of ours is "back" from there.
    var steps = (history.state && history.state.depth) || 0;
    function go() { window.location.replace(to); }
    if (steps > 0) {
      window.addEventListener("popstate", go, { once: true });
      history.go(-steps);
      window.setTimeout(go, 200);
    } else go();
    document.title = "";
    if (document.body) document.body.textContent = "";
  }

  // How much of the screen the bar covers, so that nothing that has the keyboard comes to lie under it (WCAG 2.4.11).
  function measure() {
    var row = document.querySelector(".sj-bar-row"), html = document.documentElement;
    var height = row ? row.getBoundingClientRect().height : 0;
    if (!height) return;
    var tall = height > MOST * window.innerHeight;
    html.toggleAttribute("data-bar-tall", tall);
    html.style.setProperty("--bar-seen", (tall ? 0 : Math.ceil(height)) + "px");
  }
  function watch() {
    var bar = document.querySelector("#sj-bar");
    measure();
    window.addEventListener("resize", measure);
    if (bar && window.ResizeObserver) new ResizeObserver(measure).observe(bar);
  }
  if (document.querySelector("#sj-bar")) watch(); else document.addEventListener("DOMContentLoaded", watch);

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { last = 0; return; }
    if (event.repeat) return;
    var now = Date.now();
    if (now - last < TWICE) { event.preventDefault(); leave(); return; }
    last = now;
  }, true);

  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("[data-leave]");
    if (!link) return;
    event.preventDefault();
    leave();
  }, true);
})();
