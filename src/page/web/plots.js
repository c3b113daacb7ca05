// Plots of the last seconds: one line or two over time, with the times at which a person drove.

const PLOT_SECONDS = 20;

class Plot {
  // lines: [{name, colour}]; range: [low, high] at least shown.
  constructor(parent, { title, unit, words, lines, range, digits }) {
    Object.assign(this, { unit, lines, range, digits });
    this.canvas = make('canvas');
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', title + ' over time');
    this.output = make('output');
    parent.append(make('div', { className: 'plot' },
      make('div', {}, make('h2', { textContent: title }), make('p', { textContent: words }),
        this.output), this.canvas));
  }

  // Fits the canvas to its place on the screen; returns its context in CSS pixels.
  prepare() {
    const scale = window.devicePixelRatio || 1;
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (this.canvas.width !== Math.round(width * scale) ||
        this.canvas.height !== Math.round(height * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    const context = this.canvas.getContext('2d');
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    return { context, width, height };
  }

  // series: an array of numbers per line, from step 0; at: how many count; drivers: per step.
  draw(series, at, drivers, timeStep) {
    const { context, width, height } = this.prepare();
    const shown = Math.round(PLOT_SECONDS / timeStep), first = Math.max(0, at - shown);
    let [low, high] = this.range;
    for (const values of series)
      for (let k = first; k < at; k++)
        if (Number.isFinite(values[k])) {
          low = Math.min(low, values[k]);
          high = Math.max(high, values[k]);
        }
    const margin = { left: 40, right: 6, top: 6, bottom: 16 };
    const x = k => margin.left + (k - first) / shown * (width - margin.left - margin.right);
    const y = value => height - margin.bottom -
      (value - low) / (high - low) * (height - margin.top - margin.bottom);
    this.drawAxes(context, { low, high, x, y, width, first, shown, timeStep, margin, height });
    context.fillStyle = colour('band');
    for (let k = first; k < at; k++)
      if (drivers[k] === 'person')
        context.fillRect(x(k), margin.top, x(k + 1) - x(k) + 0.3,
          height - margin.top - margin.bottom);
    context.lineWidth = 1.8;
    context.lineJoin = 'round';
    series.forEach((values, line) => this.drawLine(context, values, first, at, x, y,
      this.lines[line].colour));
    this.output.replaceChildren(...series.flatMap((values, line) => this.describe(values[at - 1], line)));
  }

  drawAxes(context, a) {
    context.font = '11px system-ui, sans-serif';
    context.fillStyle = colour('quiet');
    context.strokeStyle = colour('grid');
    context.lineWidth = 1;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    const ticks = a.low < 0 && a.high > 0 ? [a.low, 0, a.high] : [a.low, (a.low + a.high) / 2, a.high];
    const TEXT_HEIGHT = 13;
    for (const tick of ticks) {
      const at = Math.round(a.y(tick)) + 0.5;
      const crowded = [a.low, a.high].some(end => end !== tick && Math.abs(a.y(end) - at) < TEXT_HEIGHT);
      if (crowded && tick === ticks[1])
        continue;
      context.beginPath();
      context.moveTo(a.margin.left, at);
      context.lineTo(a.width - a.margin.right, at);
      context.stroke();
      context.fillText(fixed(tick, this.digits), a.margin.left - 6, clamp(at, 7, a.height - 20));
    }
    context.textAlign = 'center';
    context.textBaseline = 'alphabetic';
    for (let seconds = Math.ceil(a.first * a.timeStep / 5) * 5;
      seconds <= (a.first + a.shown) * a.timeStep + 1e-9; seconds += 5)
      context.fillText(seconds + ' s', clamp(a.x(seconds / a.timeStep), a.margin.left + 8,
        a.width - 16), a.height - 3);
  }

  drawLine(context, values, first, at, x, y, name) {
    context.strokeStyle = colour(name);
    context.beginPath();
    let pen = false;
    for (let k = first; k < at; k++) {
      if (!Number.isFinite(values[k])) {
        pen = false;
        continue;
      }
      if (pen)
        context.lineTo(x(k), y(values[k]));
      else
        context.moveTo(x(k), y(values[k]));
      pen = true;
    }
    context.stroke();
  }

  describe(value, line) {
    const { name, colour: own } = this.lines[line];
    const text = make('b', { textContent: fixed(value ?? NaN, this.digits) + ' ' + this.unit });
    text.style.color = `var(--${own})`;
    return name ? [' ' + name + ' ', text] : [text];
  }
}
