/* Share your story: keeps a draft in this tab (and nowhere else), clears it, prints, and makes the file.
   Every page works without this. The draft is a list of the form's fields; going on posts them, as a step does. */
(function () {
  "use strict";
  var KEY = "shared-journey-draft";
  var WORDS = ["going_on", "was_like", "helped", "now", "title"];
  var root = document.getElementById("sj-share");
  if (!root) return;
  var form = document.getElementById("sj-share-form");
  var resume = root.querySelector("[data-resume]");
  var step = root.dataset.step;
  var HERE = "/share" + window.location.search; // the language that was chosen, and nothing else
  var stopped = false; // once cleared or left, nothing is written any more
  var timer = 0, saves = 0;
  var KEEPS = Boolean(window.crypto && window.crypto.subtle); // browsers encrypt on https and on the computer itself only

  // A browser writes the storage of a tab to its disk, and leaves it there for a while after it was cleared. So the draft is
  // stored encrypted, and the key is in the name of the tab, which is in memory only. Without https there is no draft.
  function packed(bytes) { return window.btoa(Array.from(bytes, function (byte) { return String.fromCharCode(byte); }).join("")); }
  function unpacked(text) { return Uint8Array.from(window.atob(text), function (letter) { return letter.charCodeAt(0); }); }
  function random(length) { return window.crypto.getRandomValues(new Uint8Array(length)); }
  function key() { return window.crypto.subtle.importKey("raw", unpacked(window.name), "AES-GCM", false, ["encrypt", "decrypt"]); }
  function keep(draft) {
    if (!KEEPS) return;
    if (!/^[A-Za-z0-9+/]{43}=$/.test(window.name)) window.name = packed(random(32));
    var nonce = random(12), turn = saves += 1;
    key().then(function (own) {
      return window.crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, own, new TextEncoder().encode(JSON.stringify(draft)));
    }).then(function (sealed) {
      if (stopped || left() || turn !== saves) return; // cleared, left or overtaken meanwhile
      window.sessionStorage.setItem(KEY, packed(nonce) + "." + packed(new Uint8Array(sealed)));
    }).catch(function () { /* full, or off */ });
  }
  /** The draft, or null: as a promise. */
  async function read() {
    try {
      var parts = window.sessionStorage.getItem(KEY).split(".").map(unpacked);
      var plain = await window.crypto.subtle.decrypt({ name: "AES-GCM", iv: parts[0] }, await key(), parts[1]);
      return JSON.parse(new TextDecoder().decode(plain));
    } catch (error) { return null; }
  }
  function wipe() {
    stopped = true;
    window.clearTimeout(timer);
    window.name = "";
    try { window.sessionStorage.removeItem(KEY); } catch (error) { /* storage is off: nothing is kept anyway */ }
  }
  // exit.js hides the page before it leaves
  function left() { return document.documentElement.style.visibility === "hidden"; }
  function save() {
    window.clearTimeout(timer);
    if (stopped || !form || left()) return;
    var fields = [];
    new FormData(form).forEach(function (value, name) { if (typeof value === "string") fields.push([name, value]); });
    keep({ step: step, fields: fields });
  }
  function soon() { window.clearTimeout(timer); timer = window.setTimeout(save, 250); }

  /** Post the draft as the form would, and come to the step `go`. */
  function goOn(draft, go) {
    var made = document.createElement("form");
    made.method = "post";
    made.action = HERE;
    made.hidden = true;
    draft.fields.concat([["go", go]]).forEach(function (field) {
      var box = document.createElement("textarea"); // an input would lose line breaks
      box.name = String(field[0]);
      box.value = String(field[1]);
      made.appendChild(box);
    });
    document.body.appendChild(made);
    made.submit();
  }
  function usable(draft) { return !!draft && Array.isArray(draft.fields) && typeof draft.step === "string"; }
  /** Whether there are words in it: an empty form is nothing to come back to. */
  function typed(draft) {
    return usable(draft) && draft.fields.some(function (field) { return WORDS.indexOf(field[0]) >= 0 && String(field[1]).trim(); });
  }

  window.addEventListener("pagehide", function () { if (left()) wipe(); else if (form) save(); });

  if (root.hasAttribute("data-wipe")) { // the story has arrived
    wipe();
    stopped = true;
  } else if (form) {
    // "Back" would ask to send the form again: it opens /share instead, and the draft leads on from there.
    window.history.replaceState({ share: step }, "", HERE);
    save();
    form.addEventListener("input", soon);
    form.addEventListener("change", save);
  } else if (step === "intro") {
    read().then(function (draft) {
      var was = window.history.state && window.history.state.share;
      if (usable(draft) && was) goOn(draft, was); // came back to a step by the browser's own "back" or "forward"
      else if (typed(draft) && resume) {
        resume.hidden = false;
        resume.querySelector("[data-go-on]").addEventListener("click", async function () {
          var now = await read();
          if (usable(now)) goOn(now, now.step);
        });
      }
    });
  }
  // A page that the browser kept alive shows its own fields: after the story was sent or cleared they are old.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted && form && KEEPS) read().then(function (draft) { if (!usable(draft)) window.location.replace(HERE); });
  });

  // what is kept, and clearing it: asked once more, because it cannot be undone
  root.querySelectorAll("[data-kept]").forEach(function (one) { one.hidden = !KEEPS; });
  root.querySelectorAll("[data-plain]").forEach(function (one) { one.hidden = KEEPS; });
  root.querySelectorAll("[data-clear]").forEach(function (button) {
    var sure = button.parentElement.querySelector("[data-sure]");
    function ask(open) {
      sure.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
      (open ? sure.querySelector("[data-clear-no]") : button).focus();
    }
    button.addEventListener("click", function () { ask(sure.hidden); });
    sure.querySelector("[data-clear-no]").addEventListener("click", function () { ask(false); });
    sure.querySelector("[data-clear-yes]").addEventListener("click", function () {
      wipe();
      if (form) { form.reset(); window.location.replace(HERE); return; }
      resume.hidden = true;
      var said = root.querySelector("[data-cleared]");
      said.textContent = said.dataset.text;
      said.tabIndex = -1;
      said.focus();
    });
  });

  // how much has been written, from the point where it matters; and more than a request can hold is not sent
  var count = document.getElementById("sj-share-count");
  if (count && form) {
    form.addEventListener("input", function () {
      var all = 0;
      form.querySelectorAll("textarea").forEach(function (box) { all += Array.from(box.value).length; });
      var most = Number(count.dataset.most);
      count.textContent = all < most * 0.9 ? "" : count.dataset.text.replace("{count}", all.toLocaleString()).replace("{most}", most.toLocaleString());
    });
  }
  if (form) {
    form.addEventListener("submit", function (event) {
      var size = new URLSearchParams(new FormData(form)).toString().length;
      var said = document.getElementById("sj-share-size");
      said.hidden = size <= Number(form.dataset.max);
      if (!said.hidden) { event.preventDefault(); said.scrollIntoView({ block: "center" }); return; }
      save();
    });
    // beside each group's name stands what is chosen in it
    form.querySelectorAll(".sj-choices").forEach(function (group) {
      group.addEventListener("change", function () {
        var names = [];
        group.querySelectorAll("input:checked").forEach(function (box) { if (box.value) names.push(box.parentElement.textContent.trim()); });
        var chosen = group.querySelector(".sj-chosen");
        chosen.textContent = names.length ? chosen.dataset.chosen.replace("…", names.join(", ")) : chosen.dataset.none;
      });
    });
  }
  // a link to a group opens it, so that what is wrong in it can be seen
  root.querySelectorAll('.sj-wrong a[href^="#"]').forEach(function (link) {
    link.addEventListener("click", function () {
      var at = document.querySelector(link.getAttribute("href"));
      if (at && at.tagName === "DETAILS") at.open = true;
      if (at) window.setTimeout(function () { (at.querySelector("summary") || at).focus(); }, 0);
    });
  });

  // the receipt
  root.querySelectorAll("[data-script]").forEach(function (one) { one.hidden = false; });
  var print = root.querySelector("[data-print]");
  if (print) print.addEventListener("click", function () { window.print(); });
  var download = root.querySelector("[data-download]");
  if (download) {
    download.addEventListener("click", function () {
      var text = document.getElementById("sj-receipt-text").textContent.replace(/\n/g, "\r\n");
      var link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
      link.download = download.dataset.download;
      link.click();
      window.setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
    });
  }
})();
