// What is new is counted, and appears, by itself; without a script, by reloading the page.
const fresh = document.createElement("template");

async function text(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.status);
  return answer.text();
}

// Nothing is taken away from under somebody's hands.
const inUse = (part) => part.contains(document.activeElement) || part.querySelector("details[open]") !== null;

async function look() {
  try {
    for (const part of document.querySelectorAll("[data-from]")) {
      fresh.innerHTML = await text(part.dataset.from);
      // Compared as the browser reads them: something may have come between the page and the first look.
      if (fresh.innerHTML !== part.innerHTML && !inUse(part)) part.innerHTML = fresh.innerHTML;
    }
  } catch {
    // The demo has ended, or is about to answer again.
  }
  setTimeout(look, 1000);
}

look();
