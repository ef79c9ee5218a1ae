/* Tables that are sorted by a click on a heading, boxes that scroll by keyboard, and repairs. */
(() => {
  "use strict";

  const number = (text) => {
    const found = text.replace(/,/g, "").match(/-?\d+(\.\d+)?(e[-+]?\d+)?/i);
    return found ? parseFloat(found[0]) : NaN;
  };

  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (!isNaN(x) && !isNaN(y) && x !== y) return x - y;
    if (isNaN(x) !== isNaN(y)) return isNaN(x) ? 1 : -1;
    return a.localeCompare(b);
  };

  const sort = (table, column, heading) => {
    const up = heading.getAttribute("aria-sort") !== "ascending";
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [row.cells[column]?.innerText ?? "", row]);
    rows.sort(([a], [b]) => (up ? compare(a, b) : compare(b, a)));
    rows.forEach(([, row]) => body.append(row));
    table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
  };

  const makeSortable = (table) => {
    if (!table.tHead || !table.tBodies[0] || table.tBodies[0].rows.length < 4) return;
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      if (!heading.innerText.trim()) return;
      const button = document.createElement("button");
      button.className = "sort";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, column, heading));
      heading.append(button);
    });
  };

  const makeReachable = () => {
    const wide = "pre, div.table-wrapper, .sidebar-scroll, .toc-scroll";
    document.querySelectorAll(wide).forEach((box) => {
      if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
    });
  };

  // The theme's captions have no level, its two sidebars no names, and Markdown's tables without
  // headings have empty ones.
  const repair = () => {
    document.querySelectorAll("article th").forEach((cell) => {
      if (cell.innerText.trim()) return;
      const plain = document.createElement("td");
      plain.className = cell.className;
      cell.replaceWith(plain);
    });
    document.querySelectorAll("p[role=heading]").forEach((caption) => {
      caption.setAttribute("aria-level", "2");
    });
    document.querySelector("aside.sidebar-drawer")?.setAttribute("aria-label", "All pages");
    document.querySelector("aside.toc-drawer")?.setAttribute("aria-label", "This page");
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("article table").forEach(makeSortable);
    repair();
    makeReachable();
    window.addEventListener("resize", makeReachable);
  });
})();
