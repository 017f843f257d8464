// Fetches what changes each second and works the levers. Everything shown is drawn by the server:
// nothing here makes markup out of data.
"use strict";

const EVERY = 1000;
const byId = (id) => document.getElementById(id);
let answeredAt = Date.now();

function tellPulse(state, text) {
  byId("pulse").dataset.state = state;
  byId("pulse-text").textContent = text;
}

// A part is only touched when it has changed, and never under a hand that marks text in it.
function renew(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const marked = document.getSelection();
  const main = byId("now");
  if (main.childElementCount === 0) { main.replaceChildren(...fresh.body.children); return; }
  for (const part of fresh.querySelectorAll("section")) {
    const old = byId(part.id);
    if (!old || old.innerHTML === part.innerHTML) continue;
    if (!marked.isCollapsed && old.contains(marked.anchorNode)) continue;
    const open = [...old.querySelectorAll("details[open]")].map((details) => details.id);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const scrolled = [...old.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
    old.replaceChildren(...part.childNodes);
    for (const id of open) { const details = byId(id); if (details) details.open = true; }
    old.querySelectorAll(".scroll").forEach((box, at) => { box.scrollLeft = scrolled[at] ?? 0; });
    if (focused) findAgain(focused, old)?.focus({ preventScroll: true });
  }
}

// The same thing as before; of a lever that has turned into its opposite, the one in its place.
function findAgain(focused, section) {
  if (focused.id && byId(focused.id)) return byId(focused.id);
  if (focused.matches("summary")) return byId(focused.parentElement.id)?.querySelector("summary");
  const subject = focused.id.replace(/^[a-z]+-/, "");
  return [...section.querySelectorAll("[data-act]")].find((lever) => subject && lever.id.endsWith(`-${subject}`))
    ?? section.querySelector("[tabindex], button");
}

async function look() {
  try {
    const answer = await fetch("/ops/now", { cache: "no-store", signal: AbortSignal.timeout(8000) });
    if (!answer.ok) throw new Error(await answer.text());
    renew(await answer.text());
    answeredAt = Date.now();
    tellPulse("live", "live");
    byId("trouble").hidden = true;
  } catch {
    const silent = Math.round((Date.now() - answeredAt) / 1000);
    tellPulse("lost", `no answer for ${silent} s`);
    if (byId("trouble").hidden) {
      byId("trouble").textContent = "No answer: what stands here is old. It is asked again each second.";
      byId("trouble").hidden = false;
    }
  }
}

async function keepLooking() {
  if (!document.hidden) await look();
  setTimeout(keepLooking, EVERY);
}

let silence;
function say(sentence) {
  byId("said").textContent = sentence;
  clearTimeout(silence);
  silence = setTimeout(() => { byId("said").textContent = ""; }, 8000);
}

function isSure(question, verb) {
  const dialog = byId("sure");
  byId("sure-question").textContent = question;
  byId("sure-yes").textContent = verb;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
}

async function pull(lever) {
  const { act, ask, body } = lever.dataset;
  if (ask && !(await isSure(ask, lever.textContent))) return;
  try {
    const answer = await fetch(`/ops/${act.split("/").map(encodeURIComponent).join("/")}`, {
      method: "POST",
      headers: { "x-lms-ops": "1", "content-type": "application/json" },
      body: body ?? "{}",
      signal: AbortSignal.timeout(15000),
    });
    const text = await answer.text();
    let said;
    try { said = JSON.parse(text).said; } catch { said = text; }
    say(said);
  } catch {
    say("No answer: it may or may not have been done. Look again in a moment.");
  }
  await look();
}

document.addEventListener("click", (event) => {
  const lever = event.target.closest("[data-act]");
  if (lever) pull(lever);
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
setTimeout(keepLooking, EVERY);
