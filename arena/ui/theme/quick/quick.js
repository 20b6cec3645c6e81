/* Quick rounds and campaigns: the forms of #quick are sent by script, and what the page then shows takes the place of
   what it showed. A vote and "next" have keys. Without script the same forms load the page. */
(() => {
  const KEYS = { ArrowLeft: "vote-a", a: "vote-a", t: "vote-tie", n: "vote-bad", ArrowRight: "vote-b", b: "vote-b", Enter: "next" };
  const SETTLE_MS = 400; /* a second click or key is not meant for the screen that has just come */
  const PIXELS = 2; /* of the saved picture, for each of the drawing's */
  const byId = (id) => document.getElementById(id);
  let isBusy = false;
  let shownAt = -Infinity;
  const isSettling = () => performance.now() - shownAt < SETTLE_MS;

  /* On a phone side B is below A: a line above the votes says so until its beginning has been in view. */
  const inView = new IntersectionObserver((entries) => {
    const hint = document.querySelector("#quick .unseen");
    if (!hint) return;
    const isSeen = entries.at(-1).isIntersecting;
    hint.hidden = isSeen;
    if (isSeen) inView.disconnect();
  }, { rootMargin: "0px 0px -140px" });

  /* A vote can be withdrawn for a minute. */
  const closeLater = () => {
    const withdrawal = document.querySelector("#quick .withdraw");
    if (withdrawal) setTimeout(() => withdrawal.remove(), withdrawal.dataset.withinS * 1000);
  };

  const settle = () => {
    closeLater();
    if (byId("save-png")) byId("save-png").hidden = false;
    inView.disconnect();
    const head = document.querySelector("#quick-b h2");
    if (head && document.querySelector("#quick .unseen")) inView.observe(head);
  };

  const show = (html) => {
    byId("quick").outerHTML = html;
    shownAt = performance.now();
    const target = byId("next") ?? byId("quick-prompt");
    target?.focus({ preventScroll: true });
    if (byId("quick").dataset.state !== "voted") scrollTo(0, 0);
    settle();
  };

  const send = async (form, button) => {
    if (isBusy) return;
    isBusy = true;
    const body = new URLSearchParams(new FormData(form, button));
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } });
      show((await answer.json()).html);
    } catch {
      byId("quick").querySelector(".failed").hidden = false;
    } finally {
      isBusy = false;
    }
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.closest("#quick")) return;
    event.preventDefault();
    if (!isSettling()) send(event.target, event.submitter);
  });

  document.addEventListener("keydown", (event) => {
    const isPlain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.isComposing);
    if (!isPlain || !byId("quick") || event.target.closest("input, textarea, select, summary, [role=region]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const isOnOther = key === "Enter" && event.target.closest("a, button");
    const button = byId(KEYS[key]);
    if (!button || button.disabled || isOnOther) return;
    event.preventDefault();
    if (!event.repeat) button.click();
  });

  /* The picture of a round as PNG: the page's own drawing on a canvas. */
  const save = async () => {
    const drawing = byId("podium");
    await drawing.decode();
    const canvas = document.createElement("canvas");
    canvas.width = drawing.naturalWidth * PIXELS;
    canvas.height = drawing.naturalHeight * PIXELS;
    canvas.getContext("2d").drawImage(drawing, 0, 0, canvas.width, canvas.height);
    const picture = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(picture);
    link.download = "podium.png";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("#save-png")) save();
  });
  document.addEventListener("DOMContentLoaded", settle);
  /* A page that the browser kept may be older than what the visitor did since. */
  addEventListener("pageshow", (event) => {
    if (event.persisted && byId("quick")) location.reload();
  });
})();
