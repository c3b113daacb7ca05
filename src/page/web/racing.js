// Laps of a drive, and the expert's line around the map.

const LAP_DISTANCE_MIN = 2, LINE_STEPS_MAX = 1800, LINE_STEPS_AT_ONCE = 30;

// A lap ends where the robot crosses the line through its start, in the direction of the start,
// after LAP_DISTANCE_MIN metres.
class Laps {
  constructor() { this.clear(); }

  clear() {
    this.at = 0;
    this.ends = []; // [s] since the start
    this.distance = 0; // at the last end
  }

  // poses and distance of the drive, up to step `at`.
  update(poses, distance, at, timeStep) {
    if (at < this.at)
      this.clear();
    while (this.at < at) {
      const k = ++this.at, share = this.crossing(poses[0], poses[k - 1], poses[k]);
      if (share === null || distance[k] - this.distance < LAP_DISTANCE_MIN)
        continue;
      this.ends.push((k - 1 + share) * timeStep);
      this.distance = distance[k];
    }
  }

  // The share of a step at which it crosses the line; null: it does not.
  crossing(start, from, to) {
    const HALF_WIDTH = 0.35;
    const ahead = pose => (pose.x - start.x) * Math.cos(start.heading) -
      (pose.z - start.z) * Math.sin(start.heading);
    const aside = (to.x - start.x) * Math.sin(start.heading) +
      (to.z - start.z) * Math.cos(start.heading);
    const [before, after] = [ahead(from), ahead(to)];
    const crosses = before < 0 && after >= 0 && Math.abs(aside) < HALF_WIDTH &&
      Math.cos(to.heading - start.heading) > 0;
    return crosses ? before / (before - after) : null;
  }

  get times() { return this.ends.map((end, k) => end - (k > 0 ? this.ends[k - 1] : 0)); }
}

// The expert drives ahead on its own, a few steps each time, and leaves its path.
class RacingLine {
  constructor(simulator, robot) { Object.assign(this, { simulator, robot, poses: [], metrics: [] }); }

  begin(map, seed, episode) {
    const s = this.simulator;
    s.create(this.robot, map, POLICY_EXPERT);
    s.reset(this.robot, seed, episode);
    this.poses = [s.state(this.robot)];
    this.metrics = [s.metrics(this.robot)];
    this.ended = false;
    this.grow(1);
  }

  end() {
    this.simulator.destroy(this.robot);
    this.poses = [];
  }

  get on() { return this.poses.length > 0; }

  // Drives ahead, and at least to step `at`.
  grow(at) {
    const s = this.simulator;
    if (!this.on)
      return;
    const goal = Math.max(at, Math.min(LINE_STEPS_MAX, this.poses.length + LINE_STEPS_AT_ONCE));
    while (!this.ended && this.poses.length <= goal) {
      const action = s.act(this.robot);
      this.ended = action === null || s.step(this.robot, action);
      this.poses.push(s.state(this.robot));
      this.metrics.push(s.metrics(this.robot));
    }
  }
}
