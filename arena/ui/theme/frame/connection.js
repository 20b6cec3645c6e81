/* What a page does when its connection is lost. It reports that in the visitor's language (#connection), asks /health
   with growing pauses, and reloads when the arena answers, which shows the battle again (duel.py, _restore). A prompt in
   its box survives. Gradio's own notice is hidden meanwhile (frame.css, body.lost), because it asks for an address that
   the gate closes. */
(() => {
  const PAUSES_S = [1, 2, 4, 8, 15];
  const SILENCE_S = 40; /* Gradio sends something every 15 s on each of its streams */
  const DRAFT = "draft";
  const byId = (id) => document.getElementById(id);
  const box = () => document.querySelector("#prompt textarea");
  const ask = window.fetch.bind(window);
  let isLost = false;

  const lost = () => {
    if (isLost) return;
    isLost = true;
    keep();
    document.body.classList.add("lost");
    retry(0);
  };
  const retry = (n) => {
    const pause_s = PAUSES_S[Math.min(n, PAUSES_S.length - 1)] * (0.75 + Math.random() / 2); /* spread the pages over time */
    setTimeout(async () => ((await answers()) ? location.reload() : retry(n + 1)), 1000 * pause_s);
  };
  const answers = async () => {
    try {
      return (await ask("health", { cache: "no-store", signal: AbortSignal.timeout(5000) })).ok;
    } catch {
      return false;
    }
  };

  /* Every request of Gradio passes here; if one fails or breaks off, the connection is lost. */
  let isLeaving = false; /* a page that the visitor leaves breaks off its own requests */
  addEventListener("beforeunload", () => {
    isLeaving = true;
    setTimeout(() => (isLeaving = false), 3000); /* it was a download */
  });
  const failed = (error) => {
    if (error.name !== "AbortError" && !isLeaving) lost();
  };
  window.fetch = async (resource, options) => {
    const url = new URL(resource.url ?? resource, location.href);
    if (url.origin !== location.origin || !url.pathname.includes("/gradio_api/")) return ask(resource, options);
    let answer;
    try {
      answer = await ask(resource, withQuery(options));
    } catch (error) {
      failed(error);
      throw error;
    }
    if (answer.status === 502 || answer.status === 504) lost(); /* a proxy answered instead of the arena */
    return url.pathname.endsWith("/queue/data") && answer.ok ? followed(answer) : answer;
  };
  /* Gradio's requests have a query of their own: the page's goes along in a header (ui/widgets.py, Caller). */
  const withQuery = (options) => {
    if (!location.search || options?.method !== "POST") return options;
    const headers = new Headers(options.headers);
    headers.set("x-page-query", location.search);
    return { ...options, headers };
  };
  const heard = new Map(); /* when each open stream was last heard */
  const followed = (answer) => {
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    let end = "";
    const listen = async (controller) => {
      try {
        const { done, value } = await reader.read();
        if (done) {
          heard.delete(reader);
          if (!end.includes("close_stream")) failed(new Error("broken off"));
          controller.close();
        } else {
          heard.set(reader, Date.now());
          end = (end + decoder.decode(value, { stream: true })).slice(-100);
          controller.enqueue(value);
        }
      } catch (error) {
        heard.delete(reader);
        failed(error);
        controller.error(error);
      }
    };
    const leave = (reason) => {
      heard.delete(reader);
      return reader.cancel(reason);
    };
    heard.set(reader, Date.now());
    const body = new ReadableStream({ pull: listen, cancel: leave });
    return new Response(body, { status: answer.status, statusText: answer.statusText, headers: answer.headers });
  };
  addEventListener("offline", lost);
  setInterval(() => {
    if ([...heard.values()].some((at) => Date.now() - at > 1000 * SILENCE_S)) lost();
  }, 5000);

  /* Text that was typed and not sent is put back into its box, once the page has shown what the server knows and if the box is empty. */
  const keep = () => {
    const prompt = box() ?? document.querySelector("#early textarea");
    if (prompt?.value && (isLost || !prompt.disabled)) sessionStorage.setItem(DRAFT, prompt.value);
  };
  addEventListener("pagehide", keep);
  const isShown = () => byId("duel") || byId("so-far")?.textContent.trim() || box()?.disabled;
  const giveBack = setInterval(() => {
    const draft = sessionStorage.getItem(DRAFT);
    if (draft && (isLost || !isShown())) return;
    const prompt = box();
    const isThere = !draft || prompt?.value === draft || byId("asked")?.textContent.includes(draft.trim());
    if (!isThere) {
      if (!prompt || prompt.disabled || prompt.value) return;
      prompt.value = draft;
      prompt.dispatchEvent(new Event("input", { bubbles: true }));
    }
    sessionStorage.removeItem(DRAFT);
    clearInterval(giveBack);
  }, 200);
})();
