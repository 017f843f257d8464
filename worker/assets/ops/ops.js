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
  return [...section.querySelectorAll("[data-act], [data-limit]")].find((lever) => subject && lever.id.endsWith(`-${subject}`))
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

function saysYes(dialog) {
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
}

function isSure(question, verb) {
  byId("sure-question").textContent = question;
  byId("sure-yes").textContent = verb;
  return saysYes(byId("sure"));
}

async function pull(lever) {
  const { act, ask, body } = lever.dataset;
  if (ask && !(await isSure(ask, lever.textContent))) return;
  await send(act, body ?? "{}");
}

// What waits is counted by kind: of a provider there is nothing to say.
function allowWhatItCanHave() {
  const backlog = byId("limit-tenant-backlog");
  backlog.disabled = !byId("limit-subject").value.startsWith("kind:");
  if (backlog.disabled) backlog.value = "";
}

// Asks for a limit as a whole, beginning with what it is now.
async function setLimit(lever) {
  const now = JSON.parse(lever.dataset.limit);
  const field = (name) => byId(`limit-${name}`);
  field("form").reset();
  if (now.subject) field("subject").value = now.subject;
  field("subject").disabled = Boolean(now.subject);
  field("rate").value = now.rate ?? "";
  field("tenant-rate").value = now.tenant_rate ?? "";
  field("tenant-backlog").value = now.tenant_backlog ?? "";
  allowWhatItCanHave();
  if (!(await saysYes(byId("limit")))) return;
  const body = { rate: field("rate").value, tenant_rate: field("tenant-rate").value, tenant_backlog: field("tenant-backlog").value };
  await send(`limits/${field("subject").value}/set`, JSON.stringify(body));
}

async function send(act, body) {
  try {
    const answer = await fetch(`/ops/${act.split("/").map(encodeURIComponent).join("/")}`, {
      method: "POST",
      headers: { "x-lms-ops": "1", "content-type": "application/json" },
      body,
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
  const lever = event.target.closest("[data-act], [data-limit]");
  if (lever) (lever.dataset.act ? pull : setLimit)(lever);
});
byId("limit-subject").addEventListener("change", allowWhatItCanHave);
// No button of the form's own, or the Enter key would press it in a field.
byId("limit-no").addEventListener("click", () => byId("limit").close("no"));
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
setTimeout(keepLooking, EVERY);
