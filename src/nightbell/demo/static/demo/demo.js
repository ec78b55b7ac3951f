// New mail is counted, and appears, by itself; without a script, by reloading the page.
const count = document.querySelector(".demo-count");
const mails = document.getElementById("mails");
let shown = null;

async function text(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.status);
  return answer.text();
}

async function look() {
  try {
    count.textContent = await text(count.dataset.from);
    if (mails) {
      const now = await text(mails.dataset.from);
      if (shown !== null && now !== shown) mails.innerHTML = now;
      shown = now;
    }
  } catch {
    // The demo has ended, or is about to answer again.
  }
  setTimeout(look, 1000);
}

look();
