/* When a group meets, on this person's own clock: their zone is known to their browser and sent to nobody. */
window.sharedJourneyTime = function (at, words, lang) {
  "use strict";
  const there = at.dataset.there || (at.dataset.there = at.textContent.trim());
  const start = new Date(at.dateTime), end = at.dataset.end ? new Date(at.dataset.end) : new Date(start.getTime() + 600000);
  const shape = { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const write = (zone) => new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, Object.assign({}, shape, zone)).format(start);
  let said = there;
  try {
    const mine = write({});
    if (at.dataset.elsewhere && mine !== write({ timeZone: at.dataset.zone })) {
      said = words["group.next.yours"].replace("{when}", mine).replace("{there}", there);
    }
  } catch (error) { /* a zone that this browser does not know: the group's own words stand */ }
  const minutes = Math.round((start - Date.now()) / 60000);
  if (Date.now() >= start && Date.now() < end) said = words["group.next.now"] + " " + said;
  else if (minutes > 0 && minutes <= 60) said = words["group.next.soon"].replace("{minutes}", minutes) + " " + said;
  if (at.textContent !== said) at.textContent = said;
};
