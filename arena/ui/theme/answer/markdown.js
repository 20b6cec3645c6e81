/* An answer's HTML as Markdown again, for its copy button. It knows the elements that ui/markup writes. */
const markdownOf = (() => {
  const MARKS = { STRONG: "**", EM: "*", S: "~~" };

  const fenced = (code) => {
    const fence = "`".repeat(Math.max(3, ...(code.match(/`+/g) || []).map((run) => run.length + 1)));
    return [fence, code];
  };

  const formula = (node) => {
    const tex = node.querySelector("annotation")?.textContent ?? node.textContent;
    return node.querySelector('.katex-display, [display="block"]') ? `$$${tex}$$` : `\\(${tex}\\)`;
  };

  const inline = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.nodeType !== Node.ELEMENT_NODE) return "";
    if (node.matches(".formula")) return formula(node);
    const text = [...node.childNodes].map(inline).join("");
    if (node.tagName in MARKS) return MARKS[node.tagName] + text + MARKS[node.tagName];
    if (node.tagName === "BR") return "\n";
    if (node.tagName === "INPUT") return node.checked ? "[x]" : "[ ]";
    if (node.tagName === "A") {
      const address = node.getAttribute("href");
      return text === address ? text : `[${text}](${address})`;
    }
    if (node.tagName === "CODE") {
      const ticks = text.includes("`") ? "``" : "`";
      return ticks + text + ticks;
    }
    return text;
  };

  const indented = (text, first, others = first) =>
    text.split("\n").map((line, n) => ((n ? others : first) + line).trimEnd()).join("\n");

  const list = (node) => {
    let number = node.start ?? 1;
    return [...node.children].map((item) => {
      const bullet = node.tagName === "OL" ? `${number++}. ` : "- ";
      return indented(blocks(item, "\n"), bullet, " ".repeat(bullet.length));
    }).join("\n");
  };

  const table = (node) => {
    const rows = [...node.rows].map((row) => [...row.cells].map((cell) => inline(cell).trim().replaceAll("|", "\\|")));
    const line = [...node.rows[0].cells].map((cell) => {
      if (cell.matches(".is-right")) return "--:";
      return cell.matches(".is-center") ? ":-:" : "---";
    });
    rows.splice(1, 0, line);
    return rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
  };

  const block = (node) => {
    if (node.matches(".code")) {
      const [fence, code] = fenced(node.querySelector("pre").textContent);
      return `${fence}${node.querySelector(".language").textContent}\n${code.replace(/\n$/, "")}\n${fence}`;
    }
    if (node.matches(".table")) return table(node.querySelector("table"));
    if (/^H[3-6]$/.test(node.tagName)) return "#".repeat(node.tagName[1] - 2) + " " + inline(node);
    if (/^[UO]L$/.test(node.tagName)) return list(node);
    if (node.tagName === "BLOCKQUOTE") return indented(blocks(node), "> ");
    return node.tagName === "HR" ? "---" : inline(node);
  };

  const blocks = (node, between = "\n\n") => {
    const own = [...node.children].filter((child) => !child.matches(".aside, .copy"));
    let text = "";
    own.forEach((child, n) => {
      const before = own[n - 1];
      const goesOn = before?.matches(".goes-on") && before.tagName === child.tagName;
      const isNext = before?.tagName === "P" && child.tagName === "P";
      text += (n ? (goesOn ? "\n" : isNext ? "\n\n" : between) : "") + block(child);
    });
    return text;
  };

  /* Gradio's pages have an answer in two parts: what is finished, and the rest. */
  return (answer) => {
    const parts = [...answer.querySelectorAll(".md")];
    return (parts.length ? parts : [answer]).map((part) => blocks(part)).filter(Boolean).join("\n\n");
  };
})();
