// Draws the series of an episode below its frames, on the same axis of time: executed and expert's
// duty cycle of both wheels, and the distance from the lane's centre. Marked frames are hatched.

const ROWS = [
  { name: 'left', series: [[2, 'demanded', [5, 3]], [0, 'executed', []]], low: -1, high: 1 },
  { name: 'right', series: [[3, 'demanded', [5, 3]], [1, 'executed', []]], low: -1, high: 1 },
  { name: 'lane', series: [[4, 'lane', []]], unit: ' cm', scale: 100 },
];

// Fits a canvas to its place; returns its context in CSS pixels.
function preparedCanvas(canvas) {
  const scale = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return { context, width, height };
}

// The range of a row: given, or that of its values, at least 10 cm to either side.
function rangeOf(row, all) {
  if (row.high !== undefined)
    return [row.low, row.high];
  const most = Math.max(0.1, ...all[row.series[0][0]].filter(Number.isFinite).map(Math.abs));
  return [-most, most];
}

function drawSeries(context, values, { x, y }) {
  context.beginPath();
  let pen = false;
  values.forEach((value, k) => {
    if (!Number.isFinite(value))
      pen = false;
    else if (pen)
      context.lineTo(x(k / values.length), y(value));
    else
      context.moveTo(x(k / values.length), y(value));
    pen = Number.isFinite(value);
  });
  context.stroke();
}

function drawRow(context, row, all, { top, height, width }) {
  const [low, high] = rangeOf(row, all), x = share => share * width;
  const y = value => top + height - (value - low) / (high - low) * height;
  context.setLineDash([]);
  context.lineWidth = 1;
  context.strokeStyle = colour('grid');
  context.strokeRect(0.5, Math.round(top) + 0.5, width - 1, Math.round(height));
  context.beginPath();
  context.moveTo(0, Math.round(y(0)) + 0.5);
  context.lineTo(width, Math.round(y(0)) + 0.5);
  context.stroke();
  context.lineJoin = 'round';
  for (const [index, name, dash] of row.series) {
    context.setLineDash(dash);
    context.lineWidth = 1.6;
    context.strokeStyle = colour(name);
    drawSeries(context, all[index], { x, y });
  }
  const label = `${row.name} ±${fixed(high * (row.scale ?? 1), 0)}${row.unit ?? ''}`;
  context.font = '10.5px system-ui, sans-serif';
  const textWidth = context.measureText(label).width;
  context.fillStyle = colour('card');
  context.globalAlpha = 0.8;
  context.fillRect(2, top + 2, textWidth + 6, 13);
  context.globalAlpha = 1;
  context.fillStyle = colour('quiet');
  context.textBaseline = 'top';
  context.fillText(label, 5, top + 3);
}

function drawPlots(canvas, episode) {
  const { context, width, height } = preparedCanvas(canvas), all = episode.series;
  context.clearRect(0, 0, width, height);
  const gap = 4, rowHeight = (height - 14 - gap * ROWS.length) / ROWS.length;
  ROWS.forEach((row, k) => drawRow(context, row, all,
    { top: gap + k * (rowHeight + gap), height: rowHeight, width }));
  // times below
  context.setLineDash([]);
  context.fillStyle = colour('quiet');
  context.textBaseline = 'bottom';
  const seconds = episode.steps * episode.timeStep;
  ['0 s', `${fixed(seconds / 2, 1)} s`, `${fixed(seconds, 1)} s`].forEach((text, k) => {
    context.textAlign = ['left', 'center', 'right'][k];
    context.fillText(text, k / 2 * width, height);
  });
  context.textAlign = 'left';
}

// Hatches ranges of frames over strip and plots.
function drawRanges(canvas, episode, ranges) {
  const { context, width, height } = preparedCanvas(canvas);
  context.clearRect(0, 0, width, height);
  for (const [first, last] of ranges) {
    const left = first / (episode.steps + 1) * width;
    const right = Math.max(left + 3, (last + 1) / (episode.steps + 1) * width);
    context.save();
    context.beginPath();
    context.rect(left, 0, right - left, height);
    context.clip();
    context.fillStyle = colour('bad-fill');
    context.fillRect(left, 0, right - left, height);
    context.strokeStyle = colour('bad');
    context.lineWidth = 1.2;
    context.beginPath();
    for (let at = left - height; at < right; at += 9) {
      context.moveTo(at, height);
      context.lineTo(at + height, 0);
    }
    context.stroke();
    context.lineWidth = 3;
    context.strokeRect(left, 0, right - left, height);
    context.restore();
  }
}
