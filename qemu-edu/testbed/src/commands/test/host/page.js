// Looks at the page as a browser has laid it out, and writes what is wrong into it.
(() => {
  const problems = [];
  const name = (element) => (element.querySelector("title") || element).textContent.slice(0, 60);
  const said = (text) => text.textContent.trim();
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) problems.push(`the page is ${wide} wide, in a window of ${innerWidth}`);
  for (const element of document.querySelectorAll("main *")) {
    const box = element.getBoundingClientRect();
    if (!element.closest(".scroll table, svg") && box.right > innerWidth + 1)
      problems.push(`${element.tagName} ends at ${box.right}: ${element.textContent.slice(0, 40)}`);
  }
  const charts = document.querySelectorAll("figure.chart");
  for (const chart of charts) {
    const drawings = [...chart.querySelectorAll(":scope > svg")];
    const seen = drawings.filter((svg) => svg.getBoundingClientRect().width > 0);
    if (seen.length !== 1) problems.push(`${seen.length} drawings are seen of ${name(chart)}`);
    for (const svg of seen) look(svg);
  }
  function look(svg) {
    const box = svg.getBoundingClientRect();
    if (box.width < 250 || box.height < 90)
      problems.push(`${name(svg)} is ${box.width} by ${box.height}`);
    if (!svg.querySelector("title")?.textContent || svg.getAttribute("role") !== "img")
      problems.push("a chart has no name");
    const marks = svg.querySelectorAll("polyline,circle");
    if (marks.length === 0) problems.push(`nothing is drawn in ${name(svg)}`);
    for (const mark of marks) if (outside(mark.getBoundingClientRect(), box))
      problems.push(`a line leaves ${name(svg)}`);
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent.trim());
    const boxes = texts.map((text) => text.getBoundingClientRect());
    texts.forEach((text, index) => {
      if (outside(boxes[index], box)) problems.push(`${said(text)} leaves ${name(svg)}`);
      const size = boxes[index].height;
      if (size < 11) problems.push(`${said(text)} in ${name(svg)} is ${size} high`);
      for (let other = 0; other < index; other += 1) if (overlap(boxes[other], boxes[index]))
        problems.push(`${said(text)} and ${said(texts[other])} overlap in ${name(svg)}`);
      if (contrast(getComputedStyle(text).fill) < 4.5)
        problems.push(`${said(text)} in ${name(svg)} does not stand out`);
    });
    for (const line of svg.querySelectorAll("polyline[stroke-width='2']"))
      if (contrast(getComputedStyle(line).stroke) < 3) problems.push(`a faint line: ${name(svg)}`);
  }
  function outside(inner, outer) {
    return inner.left < outer.left - 1 || inner.right > outer.right + 1 ||
      inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;
  }
  // Boxes of text are higher than its letters.
  function overlap(a, b) {
    return a.left < b.right - 1 && b.left < a.right - 1 &&
      a.top < b.bottom - 4 && b.top < a.bottom - 4;
  }
  function luminance(colour) {
    const parts = colour.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255);
    const [red, green, blue] = parts.map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
  function contrast(colour) {
    const [a, b] = [luminance(colour), luminance(getComputedStyle(document.body).backgroundColor)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }
  const dark = luminance(getComputedStyle(document.body).backgroundColor) < 0.1;
  if (dark !== matchMedia("(prefers-color-scheme: dark)").matches)
    problems.push("the page does not follow the theme");
  for (const cell of document.querySelectorAll("h1,h2,td,th"))
    if (contrast(getComputedStyle(cell).color) < 4.5) problems.push(`faint: ${cell.textContent}`);
  const found = { width: innerWidth, dark, charts: charts.length, problems };
  const verdict = document.createElement("pre");
  verdict.id = "verdict";
  verdict.textContent = JSON.stringify(found).replace(/[<>&]/g, "?");
  document.body.append(verdict);
})();
