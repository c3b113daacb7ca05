// Filters that find bad episodes, as `imprint data drop` has them: each is a tick, and most have a
// limit. An episode is found if any filter that is ticked finds it.

function median(values) {
  const ascending = [...values].sort((a, b) => a - b), middle = ascending.length / 2;
  return (ascending[Math.ceil(middle) - 1] + ascending[Math.floor(middle)]) / 2;
}

// A limit to begin with: four deviations above what is usual.
function unusual(key) {
  const values = episodes.map(each => each[key]).filter(Number.isFinite), usual = median(values);
  return usual + 4 * 1.4826 * median(values.map(value => Math.abs(value - usual)));
}

function roundedUp(value, digits) {
  const scale = 10 ** digits;
  return Number.isFinite(value) ? Math.max(1, Math.ceil(value * scale)) / scale : 1;
}

class Filters {
  constructor(parent, marks, onChange) {
    this.rows = [
      { key: 'bad', label: 'ended badly', option: '--ended-badly', words: 'left the road or collided',
        finds: each => each.ending === 'terminated' },
      this.limit('difference', '|action − expert| above', '--difference', '', 0.01,
        roundedUp(unusual('difference'), 2),
        'root mean square of executed minus expert’s duty cycle'),
      this.limit('jerk', 'jerk above', '--jerk', '/s', 0.5, roundedUp(unusual('jerk'), 1),
        'root mean square rate of change of the duty cycles'),
      this.limit('standing', 'standing still for', '--standing', 's', 0.5, 1,
        'longest time without moving or turning'),
      this.limit('outlier', 'outlier above', '--outlier', '', 0.5, 4,
        'deviations from the median of all episodes, of the figure that is farthest'),
      { key: 'marked', label: 'marked', finds: each => marks.episodes.has(each.number) ||
        marks.frames.has(each.number) },
    ];
    for (const row of this.rows)
      this.build(parent, row, onChange);
  }

  limit(key, label, option, unit, step, value, words) {
    const row = { key, label, option, unit, step, value, words };
    row.finds = each => row.value > 0 && each[key] > row.value;
    return row;
  }

  build(parent, row, onChange) {
    row.tick = make('input', { type: 'checkbox', id: 'filter-' + row.key, onchange: onChange });
    row.count = make('output');
    const parts = [row.tick, make('span', { textContent: row.label })];
    if (row.option && row.value !== undefined) {
      row.input = make('input', { type: 'number', min: 0, step: row.step, value: row.value,
        ariaLabel: `limit: ${row.label}`, id: 'limit-' + row.key });
      row.input.oninput = () => {
        row.value = Number(row.input.value);
        onChange();
      };
      parts.push(row.input, make('span', { className: 'unit', textContent: row.unit }));
    }
    parent.append(make('label', { title: row.words ?? '' }, ...parts, row.count));
  }

  // Those that are ticked.
  get used() {
    return this.rows.filter(row => row.tick.checked);
  }

  found() {
    for (const row of this.rows)
      row.count.textContent = episodes.filter(row.finds).length;
    const used = this.used;
    return used.length === 0 ? [...episodes] : episodes.filter(each => used.some(row => row.finds(each)));
  }

  // Keys of the filters that find an episode, whether they are ticked or not.
  reasonsOf(episode) {
    return this.rows.filter(row => row.key !== 'marked' && row.finds(episode)).map(row => row.key);
  }
}
