// What a person drives with: keys, gamepad, touch and mouse. Each gives a throttle and a steering
// value from -1 to 1; the first that is used counts. Wheels follow from the two.

const CRUISE = 0.55, FULL = 1, STEER = 0.22, RAMP = 6; // duty cycles; keys reach the end in 1/RAMP s
const DRIVE_KEYS = {
  ArrowUp: 'up', KeyW: 'up', ArrowDown: 'down', KeyS: 'down',
  ArrowLeft: 'left', KeyA: 'left', ArrowRight: 'right', KeyD: 'right',
};

class Devices {
  constructor(surface, pad) {
    this.keys = new Set();
    this.steering = 0; // of the keys, which move it gradually
    this.pointer = null;
    this.surface = surface;
    this.pad = pad;
    this.enabled = () => true;
    this.listenToKeys();
    this.listenToPointer();
  }

  listenToKeys() {
    const isField = element => ['SELECT', 'INPUT', 'TEXTAREA'].includes(element.tagName);
    window.addEventListener('keydown', event => {
      const key = DRIVE_KEYS[event.code];
      if (key === undefined || isField(event.target) || event.ctrlKey || event.metaKey ||
          event.altKey || !this.enabled())
        return;
      this.keys.add(key);
      this.fast = event.shiftKey;
      event.preventDefault();
    });
    window.addEventListener('keyup', event => {
      this.keys.delete(DRIVE_KEYS[event.code]);
      this.fast = event.shiftKey;
    });
    window.addEventListener('blur', () => this.keys.clear());
  }

  listenToPointer() {
    const RADIUS = 64;
    const move = event => {
      const right = clamp((event.clientX - this.origin[0]) / RADIUS, -1, 1);
      const up = clamp((this.origin[1] - event.clientY) / RADIUS, -1, 1);
      this.pointer = { throttle: up, steer: right };
      this.pad.firstElementChild.style.transform = `translate(${right * 45}px, ${-up * 45}px)`;
    };
    this.surface.addEventListener('pointerdown', event => {
      if (!this.enabled())
        return;
      const box = this.surface.getBoundingClientRect();
      this.origin = [event.clientX, event.clientY];
      this.surface.setPointerCapture(event.pointerId);
      this.pad.style.left = event.clientX - box.left + 'px';
      this.pad.style.top = event.clientY - box.top + 'px';
      this.pad.hidden = false;
      move(event);
    });
    this.surface.addEventListener('pointermove', event => this.pointer && move(event));
    for (const end of ['pointerup', 'pointercancel'])
      this.surface.addEventListener(end, () => {
        this.pointer = null;
        this.pad.hidden = true;
      });
  }

  gamepad() {
    const DEAD = 0.12;
    for (const pad of navigator.getGamepads ? navigator.getGamepads() : []) {
      if (!pad || pad.axes.length < 1)
        continue;
      const trigger = index => pad.buttons[index] ? pad.buttons[index].value : 0;
      const stick = Math.abs(pad.axes[0]) > DEAD ? pad.axes[0] : 0;
      const throttle = trigger(7) - trigger(6);
      if (stick !== 0 || Math.abs(throttle) > DEAD)
        return { throttle, steer: stick };
    }
    return null;
  }

  // Values of the keys after `seconds`; null when none is pressed.
  fromKeys(seconds) {
    const has = key => this.keys.has(key) ? 1 : 0;
    const target = has('right') - has('left'), change = RAMP * seconds;
    this.steering += clamp(target - this.steering, -change, change);
    if (this.keys.size === 0) {
      this.steering = 0;
      return null;
    }
    return { throttle: has('up') - has('down'), steer: this.steering };
  }

  // The wheels' duty cycles of a step that takes `seconds`; null if nothing is used.
  read(seconds) {
    const keys = this.fromKeys(seconds);
    const values = keys || this.pointer || this.gamepad();
    if (values === null)
      return null;
    const forward = values.throttle * (keys && !this.fast ? CRUISE : FULL);
    // steering alone turns the robot slowly on the spot
    const turn = STEER * values.steer * (values.throttle === 0 ? 0.7 : 1);
    return [clamp(forward + turn, -1, 1), clamp(forward - turn, -1, 1)].map(Math.fround);
  }
}
