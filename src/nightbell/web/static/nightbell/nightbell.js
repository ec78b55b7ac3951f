"use strict";
// Everything here only adds to pages that work without it. Nothing is shown as done before the server has said so.
(() => {
  const POLL = 2000, PATIENCE = 3000, OLD = 5000;
  const main = document.querySelector("main[data-live]");
  const $ = (id) => document.getElementById(id);
  const now = () => Date.now() + offset;
  const pad = (n) => String(n).padStart(2, "0");
  let offset = main ? Number(main.dataset.now) - Date.now() : 0; // the server's clock, seen from here
  let seenAt = Date.now(), busy = false, asking = null, lost = false;

  // Instants: in this browser's zone, by the server's clock.
  const left = (ms) => {
    const s = Math.max(0, Math.ceil(ms / 1000)), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    return h ? `${h}:${pad(m)}:${pad(s % 60)}` : `${m}:${pad(s % 60)}`;
  };
  const span = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000)), m = Math.floor(s / 60), h = Math.floor(m / 60);
    if (s < 60) return `${s} s`;
    if (h < 1) return `${m} min`;
    return h < 48 ? (m % 60 ? `${h} h ${m % 60} min` : `${h} h`) : `${Math.floor(h / 24)} days`;
  };
  const clock = (at, style) => {
    const time = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
    if (style === "clock") return `${time}:${pad(at.getSeconds())}`;
    return style === "day" ? `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })}, ${time}` : time;
  };
  const localise = (root) => root.querySelectorAll("[data-time]").forEach((el) => {
    const at = new Date(el.dateTime);
    el.textContent = el.dateTime ? clock(at, el.dataset.time) : Intl.DateTimeFormat().resolvedOptions().timeZone;
  });
  const told = new Set();
  const tick = () => {
    document.querySelectorAll("span[data-until]").forEach((el) => {
      const ms = el.dataset.until - now();
      el.textContent = left(ms);
      const at = [60, 10].find((s) => Math.ceil(ms / 1000) === s);
      if (at && el.closest(".big") && !told.has(el.dataset.until + at)) {
        told.add(el.dataset.until + at);
        say(`${at} seconds left.`);
      }
    });
    document.querySelectorAll("span[data-since]").forEach((el) => { el.textContent = span(now() - el.dataset.since); });
  };
  const spoken = document.body.appendChild(document.createElement("p"));
  spoken.className = "unseen";
  spoken.setAttribute("aria-live", "assertive");
  const say = (words) => { spoken.textContent = words; };

  // Live: ask whether what is shown still holds; put what is new in its place, but never under somebody's hands.
  const untouched = (el, force) => force || !el.querySelector("details[open]") && !(el.contains(document.activeElement) && document.activeElement.matches("input,select,textarea"));
  const swap = (html, force) => {
    const next = new DOMParser().parseFromString(html, "text/html"), fresh = next.querySelector("main[data-live]");
    if (!fresh) return false;
    const focused = document.activeElement && document.activeElement.id, lead = document.querySelector(".lead");
    next.querySelectorAll("[data-region]").forEach((el) => {
      const old = $(el.id);
      if (!old || (el.dataset.region === "answer" && !force)) return;
      if (el.innerHTML === old.innerHTML && el.className === old.className || !untouched(old, force)) return;
      const adopted = document.adoptNode(el);
      localise(adopted);
      old.replaceWith(adopted);
    });
    for (const name of ["version", "epoch"]) if (fresh.dataset[name]) main.dataset[name] = fresh.dataset[name];
    document.title = next.title;
    if (focused && $(focused)) $(focused).focus({ preventScroll: true });
    const leads = document.querySelector(".lead");
    if (lead && leads && lead.textContent !== leads.textContent) say(leads.textContent);
    promise();
    tick();
    return true;
  };
  const status = (words, link) => {
    const el = $("link-state");
    el.hidden = !words;
    el.textContent = words;
    if (link) el.append(Object.assign(document.createElement("a"), { href: link, textContent: "Sign in again" }));
    document.body.classList.toggle("lost", Boolean(words));
  };
  const refresh = () => asking ||= (async () => {
    try {
      const answer = await fetch(main.dataset.live, {
        headers: { "X-Nightbell-Version": main.dataset.version }, cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.status === 401) { status("You are signed out. ", `/accounts/login/?next=${encodeURIComponent(main.dataset.live)}`); return false; }
      if (!answer.ok) throw new Error(answer.status);
      const body = answer.status === 204 ? "" : await answer.text();
      offset = Number(answer.headers.get("X-Nightbell-Now")) - Date.now();
      if (body && !busy) swap(body, false);
      seenAt = Date.now();
      lost = false;
      status("");
      return true;
    } catch {
      if (!lost) status(`Live updates lost, showing ${clock(new Date(seenAt), "clock")}`);
      lost = true;
      return false;
    } finally { asking = null; }
  })();

  // Acts: "sending…" at once, the new state only when it is committed, and again until it is known.
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const send = async (form) => {
    const tell = $("acting"), button = form.querySelector("button:not([type=button])"), word = button.querySelector("span");
    const said = word.textContent, body = new FormData(form);
    busy = true;
    button.setAttribute("aria-disabled", "true");
    word.textContent = "Sending…";
    const doubt = () => {
      const until = document.querySelector(".big [data-until]");
      tell.textContent = `Not confirmed, ${until ? `still escalating in ${left(until.dataset.until - now())}` : "nothing is known to have happened"}. Trying again.`;
    };
    for (let wait = 500; ; wait = Math.min(wait * 2, 4000)) {
      const doubting = setInterval(doubt, 1000), first = setTimeout(doubt, PATIENCE - 1000);
      try {
        const answer = await fetch(form.action, { method: "POST", body, cache: "no-store", signal: AbortSignal.timeout(PATIENCE * 3) });
        if (answer.redirected && new URL(answer.url).pathname.startsWith("/accounts/")) { location.assign(answer.url); return; }
        if (answer.status >= 500) throw new Error(answer.status);
        const html = await answer.text();
        if (!swap(html, true)) { location.reload(); return; }
        offset = Number(answer.headers.get("X-Nightbell-Now")) - Date.now() || offset;
        history.replaceState(null, "", main.dataset.live);
        const refusal = document.querySelector(".refusal");
        if (refusal) refusal.focus();
        scrollTo({ top: 0 });
        break;
      } catch { doubt(); await sleep(wait); } finally { clearInterval(doubting); clearTimeout(first); }
    }
    word.textContent = said;
    button.removeAttribute("aria-disabled");
    if ($("acting")) $("acting").textContent = "";
    busy = false;
    seenAt = Date.now();
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.dataset.act || !main) return;
    event.preventDefault();
    if (busy) return;
    const { epoch } = main.dataset, act = form.dataset.act;
    if (Date.now() - seenAt > OLD) { // a laptop has just woken: look first, then act on what was meant
      await refresh();
      const still = document.querySelector(`form[data-act="${act}"]`);
      if (main.dataset.epoch !== epoch || !still) { say("This incident changed while you were away. Look again, then decide."); return; }
      return send(form.isConnected ? form : still);
    }
    send(form);
  });
  const promise = () => {
    const target = $("target"), chosen = target && target.selectedOptions[0];
    if (chosen && $("promise")) $("promise").textContent = chosen.dataset.promise || target.options[0].dataset.promise;
  };
  document.addEventListener("change", (event) => { if (event.target.id === "target") promise(); });
  const open = (act) => {
    const el = $(`act-${act}`);
    if (!el) return false;
    el.open = true;
    el.scrollIntoView({ block: "nearest" });
    el.querySelector("select, button").focus();
    return true;
  };
  document.addEventListener("click", (event) => {
    const door = event.target.closest("[data-open]");
    if (door && open(door.dataset.open)) event.preventDefault();
    if (event.target.closest("[data-keys]")) $("keys").showModal();
  });

  // Keyboard. Off where a field has it, with a modifier, and where it was switched off.
  const on = () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } };
  const move = (by) => {
    const rows = [...document.querySelectorAll("[data-row]")], at = rows.indexOf(document.activeElement);
    const row = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
    if (row) row.focus();
  };
  const keys = {
    a: () => $("acknowledge") && $("acknowledge").click(), h: () => open("handoff"), r: () => open("resolve"),
    j: () => move(1), k: () => move(-1), "?": () => $("keys") && $("keys").showModal(),
    "/": () => $("search") ? $("search").focus() : main && location.assign("/"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !on() || document.querySelector("dialog[open]")) return;
    if (event.target.matches("input,select,textarea") || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  if ($("keys-on")) {
    $("keys-on").checked = on();
    $("keys-on").addEventListener("change", (event) => { try { localStorage.setItem("keys", event.target.checked ? "on" : "off"); } catch { /* private windows keep nothing */ } });
    document.querySelectorAll("[data-keys]").forEach((el) => { el.hidden = false; });
  }

  localise(document);
  promise();
  tick();
  setInterval(tick, 250);
  if (main) {
    setInterval(() => { if (!document.hidden && !busy) refresh(); }, POLL);
    for (const wake of ["visibilitychange", "pageshow", "online", "focus"]) addEventListener(wake, () => { if (!document.hidden && !busy) refresh(); });
  }
})();
