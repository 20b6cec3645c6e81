/* An open leaderboard keeps itself up to date: it asks for the parts that have changed, and gets nothing otherwise.
   The search hides rows while the visitor types; sent with the form, it becomes part of the address. */
document.addEventListener("DOMContentLoaded", () => {
  const EVERY_MS = 4000;
  const board = document.querySelector("#leaderboard[data-shown]");
  if (!board) return;

  const refresh = async () => {
    if (document.hidden) return;
    const query = new URLSearchParams(location.search);
    query.set("part", "board");
    query.set("known", board.dataset.shown);
    const answer = await fetch(`./leaderboard?${query}`);
    if (answer.status !== 200) return;
    const part = new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
    const focused = document.activeElement?.closest("#leaderboard-table, #computed");
    if (focused && part.querySelector(`#${focused.id}`)) return; // not under the visitor's hands
    for (const element of part.children) document.getElementById(element.id)?.replaceWith(element.cloneNode(true));
    board.dataset.shown = part.dataset.shown;
    search();
  };

  const box = document.querySelector("#filters input[name=find]");
  const search = () => {
    const typed = box.value.normalize("NFKC").toLowerCase().replace(/\p{Cf}/gu, "").normalize("NFKC"); // one_line.py
    const words = typed.split(/\s+/).filter(Boolean);
    for (const row of document.querySelectorAll("#leaderboard-table tbody tr[data-find]")) {
      row.hidden = !words.every((word) => row.dataset.find.includes(word));
    }
  };
  box.addEventListener("input", search);
  setInterval(() => refresh().catch(() => {}), EVERY_MS);
});
