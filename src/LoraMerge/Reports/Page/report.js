'use strict';
// Without this script the page shows everything but the panel beside the map.
(() => {
  const panel = document.getElementById('panel');
  const numbers = document.getElementById('numbers');
  const titles = [...numbers.tHead.rows[0].cells].map(cell => cell.textContent);
  const make = (name, text, parent) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  };

  function bars(values, parent) {
    const chart = make('div', '', parent);
    chart.className = 'bars';
    chart.setAttribute('role', 'img');
    chart.setAttribute('aria-label', `Singular values: ${values.join(', ')}`);
    for (const value of values) {
      const bar = make('i', '', chart);
      bar.style.height = `${Math.max(100 * value / values[0], 1)}%`;
      bar.title = value;
    }
  }

  let shown = null;
  function show(cell) {
    if (cell === shown) return;
    shown?.classList.remove('shown');
    shown = cell;
    cell.classList.add('shown');
    panel.replaceChildren();
    const row = document.getElementById(`t${cell.dataset.row}`);
    const line = cell.parentElement.cells[0].textContent;
    const name = make('h3', '', panel);
    const title = row ? row.cells[0].firstElementChild.textContent : `${line}: ${cell.dataset.of}`;
    const parts = make('bdi', '', name);
    for (const part of title.split(/(?<=\.)/)) { parts.append(part); make('wbr', '', parts); }
    const list = make('dl', '', panel);
    const pair = (title, text) => { const div = make('div', '', list); make('dt', title, div); make('dd', text, div); };
    if (!row) {
      for (const label of document.querySelectorAll('.choice label')) {
        const value = cell.querySelector(`.v-${label.firstElementChild.id.slice(3)}`);
        pair(label.textContent, value.textContent);
      }
      return;
    }
    pair('Form', row.cells[0].querySelector('small').textContent);
    for (let i = 1; i < titles.length; i++) pair(titles[i], [...row.cells[i].querySelectorAll('p')].map(p => p.textContent).join('; ') || row.cells[i].textContent.trim());
    const values = row.cells[titles.length - 1].dataset.values;
    if (values) bars(values.split(' ').map(Number), panel);
  }

  function follow(cell) {
    const row = document.getElementById(`t${cell.dataset.row}`);
    if (!row) return;
    row.closest('details').open = true;
    row.focus();
    row.scrollIntoView({ block: 'center' });
  }

  for (const grid of document.querySelectorAll('table.heat')) {
    const rows = [...grid.tBodies[0].rows].map(row => [...row.cells].slice(1));
    const cells = rows.flat().filter(cell => cell.tabIndex === -1 && !cell.classList.contains('none'));
    if (cells.length === 0) continue;
    cells[0].tabIndex = 0;
    grid.addEventListener('mouseover', event => { const cell = event.target.closest('td[data-row],td[data-of]'); if (cell) show(cell); });
    grid.addEventListener('focusin', event => {
      const cell = event.target.closest('td');
      if (!cell) return;
      for (const other of cells) other.tabIndex = other === cell ? 0 : -1;
      show(cell);
    });
    grid.addEventListener('click', event => event.target.closest('td[data-row],td[data-of]')?.focus());
    grid.addEventListener('keydown', event => {
      const cell = event.target.closest('td');
      if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
      let y = rows.findIndex(row => row.includes(cell));
      let x = rows[y].indexOf(cell);
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      const end = { Home: () => rows[y].find(usable), End: () => rows[y].findLast(usable), PageUp: () => column(rows), PageDown: () => column(rows.toReversed()) }[event.key];
      const column = from => from.map(row => row[x]).find(usable);
      let target = null;
      if (event.key === 'Enter') { event.preventDefault(); follow(cell); return; }
      if (end) target = end();
      else if (step) do { y += step[0]; x += step[1]; target = rows[y]?.[x]; } while (target && !usable(target));
      else return;
      event.preventDefault();
      target?.focus();
    });
  }
  function usable(cell) { return cell && !cell.classList.contains('none'); }

  const chosen = document.querySelector('.choice input:checked')?.id.slice(3);
  const largest = chosen && (document.querySelector(`td.${chosen}8`) ?? document.querySelector(`td.${chosen}4`));
  if (largest) show(largest);

  addEventListener('beforeprint', () => { for (const details of document.querySelectorAll('details')) details.open = true; });
})();
