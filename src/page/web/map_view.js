// The map from above. The ground is drawn once for each map by the simulator; paths, robots and
// moving objects are drawn over it.

const MAP_SIDE = 560, ROBOT_LENGTH = 0.18, ROBOT_WIDTH = 0.15;

class MapView {
  constructor(canvas, onClick) {
    this.canvas = canvas;
    canvas.addEventListener('click', event => {
      if (!this.transform)
        return;
      const box = canvas.getBoundingClientRect();
      const { scale, left, top, tile } = this.transform;
      const x = ((event.clientX - box.left) / box.width * this.width - left) / scale;
      const z = ((event.clientY - box.top) / box.height * this.height - top) / scale;
      onClick(Math.floor(x / tile), Math.floor(z / tile));
    });
  }

  // Takes the size of robot 0's map. Its ground takes longer, and is drawn later.
  load(simulator) {
    const size = simulator.mapTransform(0, MAP_SIDE, MAP_SIDE);
    const aspect = clamp(size.height / size.width, 0.5, 1.2);
    this.width = MAP_SIDE;
    this.height = Math.round(MAP_SIDE * aspect);
    this.transform = simulator.mapTransform(0, this.width, this.height);
    this.ground = null;
    this.canvas.width = 2 * this.width;
    this.canvas.height = 2 * this.height;
  }

  drawGround(simulator) {
    this.ground = make('canvas', { width: this.width, height: this.height });
    this.ground.getContext('2d').putImageData(
      simulator.drawMap(0, this.width, this.height), 0, 0);
  }

  place({ x, z }) {
    const { scale, left, top } = this.transform;
    return [left + x * scale, top + z * scale];
  }

  // robots: [{poses, at, colour, ghost}], the watched one last; drivers: who drove it, per step.
  // line: poses of the expert's line, if it is shown.
  draw(robots, drivers, moving, line) {
    const context = this.canvas.getContext('2d');
    context.setTransform(2, 0, 0, 2, 0, 0);
    if (this.ground)
      context.drawImage(this.ground, 0, 0);
    context.fillStyle = 'rgb(15 18 22 / 22%)';
    context.fillRect(0, 0, this.width, this.height);
    for (let k = 0; k + 2 < moving.length; k += 3)
      this.drawMovingObject(context, moving[k], moving[k + 1]);
    this.drawDotted(context, line, 0, line.length - 1, MAP_COLOURS.expert, [1.5, 4.5]);
    for (const robot of robots)
      this.drawPath(context, robot, drivers);
    for (const robot of robots)
      this.drawRobot(context, robot);
  }

  drawMovingObject(context, x, z) {
    const [px, py] = this.place({ x, z });
    context.fillStyle = '#f0e442';
    context.strokeStyle = '#1d232b';
    context.lineWidth = 1;
    context.beginPath();
    context.arc(px, py, 4.5, 0, 7);
    context.fill();
    context.stroke();
  }

  // The path is orange where a person drove, with a dark rim that shows on every ground.
  drawPath(context, robot, drivers) {
    const { poses, at } = robot;
    if (at < 1)
      return;
    const stroke = (style, width, own) => {
      context.strokeStyle = style;
      context.lineWidth = width;
      context.beginPath();
      for (let k = 1; k <= at; k++) {
        if (own !== undefined && (drivers[k - 1] === 'person') !== own)
          continue;
        context.moveTo(...this.place(poses[k - 1]));
        context.lineTo(...this.place(poses[k]));
      }
      context.stroke();
    };
    context.lineCap = 'round';
    context.setLineDash([]);
    if (robot.ghost) {
      stroke(robot.colour, 1.6);
      return;
    }
    this.drawDotted(context, poses, at, robot.end ?? at, 'rgb(255 255 255 / 75%)', [3, 4]);
    context.lineCap = 'round';
    stroke('rgb(10 12 15 / 70%)', 5);
    stroke(robot.path, 3, false);
    stroke(MAP_COLOURS.person, 3, true);
  }

  // A part of a path: what was driven later than what is shown, or the expert's line.
  drawDotted(context, poses, from, to, style, dash) {
    context.strokeStyle = style;
    context.lineWidth = 1.8;
    context.lineCap = 'round';
    context.setLineDash(dash);
    context.beginPath();
    for (let k = from; k <= to; k++)
      context.lineTo(...this.place(poses[k]));
    context.stroke();
    context.setLineDash([]);
  }

  drawRobot(context, { poses, at, colour: fill, ghost }) {
    const pose = poses[Math.min(at, poses.length - 1)], scale = this.transform.scale;
    context.save();
    context.translate(...this.place(pose));
    context.rotate(-pose.heading);
    context.globalAlpha = ghost ? 0.75 : 1;
    const size = Math.max(1, 15 / (ROBOT_LENGTH * scale));
    context.scale(scale * size, scale * size);
    context.beginPath();
    context.moveTo(ROBOT_LENGTH * 0.75, 0);
    context.lineTo(-ROBOT_LENGTH / 2, ROBOT_WIDTH / 2);
    context.lineTo(-ROBOT_LENGTH / 3, 0);
    context.lineTo(-ROBOT_LENGTH / 2, -ROBOT_WIDTH / 2);
    context.closePath();
    context.fillStyle = fill;
    context.fill();
    context.lineWidth = 1.5 / (scale * size);
    context.strokeStyle = '#fff';
    context.stroke();
    context.restore();
  }
}

// On the map's ground the colours do not depend on the page's.
const MAP_COLOURS = {
  policy: '#56b4e9', person: '#ff8c3a', expert: '#25d0a0', third: '#f0a8d8', other: '#f0e442', before: '#ffffff',
};
