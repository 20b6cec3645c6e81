// Renew the figures of the owner's page every 5 seconds, unless somebody uses them or looks elsewhere.
(() => {
  const EVERY_MS = 5000;
  const figures = document.getElementById("figures");
  if (!figures) return;

  const isInUse = () => figures.contains(document.activeElement) || !document.getSelection().isCollapsed;

  const say = () => {
    figures.querySelector(".renewed").hidden = false;
  };

  const renew = async () => {
    if (document.hidden || isInUse()) return;
    const response = await fetch("figures").catch(() => null);
    if (!response || !response.ok || isInUse()) return;
    figures.innerHTML = await response.text();
    say();
  };

  say();
  setInterval(renew, EVERY_MS);
})();
