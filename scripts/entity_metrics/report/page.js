// A filter of the tables' rows, a button that copies a table, and links that open what they lead to. Without it all rows are there,
// and all links work.
const filter = document.getElementById("filter"), input = filter.querySelector("input");
const rows = [...document.querySelectorAll("tbody tr")].map((row) => [row, row.textContent.toLowerCase()]);
filter.hidden = false;
input.addEventListener("input", () => {
  const wanted = input.value.trim().toLowerCase();
  let shown = 0;
  for (const [row, text] of rows) {
    row.hidden = !text.includes(wanted);
    shown += !row.hidden;
  }
  filter.querySelector("output").textContent = wanted ? `${shown} of ${rows.length} rows` : "";
});
// A sheet takes tabs between cells, and numbers without commas.
const textOf = (cell) => {
  const text = cell.textContent.trim().replace(/\s+/g, " ");
  return cell.matches("td.n") ? text.replaceAll(",", "") : text;
};
for (const table of document.querySelectorAll("table")) {
  const button = document.createElement("button");
  button.textContent = "Copy the table";
  button.setAttribute("aria-label", `Copy the table: ${table.caption.textContent}`);
  button.addEventListener("click", async () => {
    const lines = [...table.rows].filter((row) => !row.hidden).map((row) => [...row.cells].map(textOf).join("\t"));
    await navigator.clipboard.writeText(lines.join("\n"));
    button.textContent = "Copied";
  });
  table.closest(".wide").before(button);
}
const open = () => {
  const found = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (found instanceof HTMLDetailsElement) {
    found.open = true;
    found.scrollIntoView();
  }
};
addEventListener("hashchange", open);
open();
