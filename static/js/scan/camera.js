/**
 * The gate's camera: one stream a session, shown in the page's <video>, and a stable word for what it is doing.
 *
 * States: `starting`, `live`, `paused` (page hidden), `tap_to_play` (the camera runs, the picture waits for a tap),
 * `stalled` (no picture within 5 s: offer the typed number or a photo; it may still come), `denied` (by the person),
 * `blocked_by_policy` (by our own headers or the device's administrator), `no_camera`, `in_use`, `insecure` (not https),
 * `unsupported`, `failed`.
 * Each comes with {lenses, torch, torchOn, asking}: how many cameras there are, whether this one has a lamp and
 * whether it is lit, and whether the browser is now asking for permission.
 */
const PICTURE_WITHIN = 5000;
const BUSY_RETRIES = [300, 900, 2000];
const BUSY = ["NotReadableError", "AbortError", "TrackStartError"];
const LENS = "scan.lens";

const wait = (ms) => new Promise((go) => setTimeout(go, ms));

// Storage may be forbidden altogether; then the lens is only remembered while the page lives.
function lensMemory() {
  let kept = null;
  try {
    kept = localStorage.getItem(LENS);
  } catch {}
  return {
    get: () => kept,
    set(id) {
      kept = id;
      try {
        if (id) localStorage.setItem(LENS, id);
        else localStorage.removeItem(LENS);
      } catch {}
    },
  };
}

/** The state that makes asking for the camera pointless, or null. */
function obstacle() {
  if (!window.isSecureContext) return "insecure";
  if (!navigator.mediaDevices?.getUserMedia) return "unsupported";
  const policy = document.permissionsPolicy ?? document.featurePolicy;
  if (policy?.allowsFeature && !policy.allowsFeature("camera")) return "blocked_by_policy";
  return null;
}

const STATE_OF_ERROR = {
  NotAllowedError: "denied",
  PermissionDeniedError: "denied",
  SecurityError: "blocked_by_policy",
  NotFoundError: "no_camera",
  DevicesNotFoundError: "no_camera",
  OverconstrainedError: "no_camera",
  NotReadableError: "in_use",
  TrackStartError: "in_use",
  AbortError: "in_use",
};

/** What the device offers for reading a near, bright screen: a darker exposure, a little zoom, continuous focus. */
function adjustments(can) {
  const set = {};
  if (can.exposureCompensation?.min < 0) set.exposureCompensation = Math.max(can.exposureCompensation.min, -1);
  if (can.zoom?.max > 1) set.zoom = Math.max(can.zoom.min ?? 1, Math.min(can.zoom.max, 1.5));
  if (can.focusMode?.includes("continuous")) set.focusMode = "continuous";
  return set;
}

/**
 * @param {HTMLVideoElement} video in the page and visible (iOS gives no frames to a hidden one)
 * @param {object} options
 * @param {(state: string, detail: object) => void} options.onState told at every change
 * @param {() => void} options.onFrame a new picture is in the video
 * @param {() => number} options.now milliseconds, never going back
 */
export function openCamera(video, { onState, onFrame, now = () => performance.now() }) {
  const memory = lensMemory();
  let wanted = false; // the page wants the camera
  let turn = 0; // of opening; what belongs to an earlier one is thrown away
  let asking = false; // getUserMedia has not answered
  let prompting = false; // and the browser is showing its question
  let stream = null;
  let state = "";
  let lenses = [];
  let current = null; // the lens in use: iPhones come back from the background with the fisheye unless told which
  let torch = false;
  let torchOn = false;
  let openedAt = 0;
  let frameAt = 0;
  let watch = null;

  video.muted = video.playsInline = video.autoplay = true;
  for (const name of ["muted", "playsinline", "autoplay"]) video.setAttribute(name, "");

  const track = () => stream?.getVideoTracks()[0];

  function tell(word = state) {
    state = word;
    onState(word, { lenses: lenses.length, torch, torchOn, asking: prompting });
  }

  function release() {
    turn += 1;
    asking = prompting = torch = torchOn = false;
    clearInterval(watch);
    for (const old of stream?.getTracks() ?? []) {
      old.onended = null;
      old.stop();
    }
    stream = null;
    if (video.srcObject) video.srcObject = null;
  }

  async function ask(lens, mine) {
    for (let busy = 0; ; ) {
      const which = lens ? { deviceId: { exact: lens } } : { facingMode: { ideal: "environment" } };
      try {
        return await navigator.mediaDevices.getUserMedia({
          audio: false,
          video: { ...which, width: { ideal: 1920 }, height: { ideal: 1080 } },
        });
      } catch (error) {
        if (mine !== turn) throw error;
        if (lens && ["OverconstrainedError", "NotFoundError"].includes(error.name)) {
          lens = null; // the remembered camera is gone: unplugged, or the browser gave new ids
          current = null;
          memory.set(null);
        } else if (BUSY.includes(error.name) && busy < BUSY_RETRIES.length) {
          await wait(BUSY_RETRIES[busy++]);
          if (mine !== turn) throw error;
        } else throw error;
      }
    }
  }

  async function open(lens = current ?? memory.get()) {
    release();
    const mine = turn;
    const why = obstacle();
    if (why) return tell(why);
    asking = true;
    frameAt = openedAt = now();
    tell("starting");
    permission((status) => {
      prompting = status.state === "prompt" && mine === turn && asking;
      if (prompting) tell();
    });
    watch = setInterval(() => look(mine), 250);
    let got;
    try {
      got = await ask(lens, mine);
    } catch (error) {
      if (mine !== turn) return;
      release();
      tell(STATE_OF_ERROR[error.name] ?? "failed");
      if (state === "denied") permission(waitForPermission);
      return;
    }
    if (mine !== turn) return got.getTracks().forEach((late) => late.stop());
    asking = prompting = false;
    stream = got;
    current = track().getSettings().deviceId ?? null;
    if (document.hidden) return hide();
    openedAt = now();
    track().onended = () => {
      // A camera that dies at once is held by another app; one that ran for a while is opened again.
      const brief = now() - openedAt < PICTURE_WITHIN;
      release();
      if (document.hidden) tell("paused");
      else if (brief) tell("in_use");
      else open();
    };
    video.srcObject = stream;
    nextFrame(mine, -1);
    await play();
    await listLenses(mine);
  }

  function permission(use) {
    navigator.permissions?.query({ name: "camera" }).then(use, () => {}); // Firefox has no such name
  }

  function waitForPermission(status) {
    const denied = turn;
    status.onchange = () => {
      if (wanted && denied === turn && status.state === "granted") open();
    };
  }

  async function play() {
    try {
      await video.play();
    } catch (error) {
      if (error.name === "NotAllowedError" && stream) tell("tap_to_play");
    }
  }

  function nextFrame(mine, seen) {
    if (mine !== turn) return;
    const got = () => {
      if (mine !== turn) return;
      frame();
      nextFrame(mine, video.currentTime);
    };
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(got);
    else requestAnimationFrame(() => (video.currentTime === seen || video.readyState < 2 ? nextFrame(mine, seen) : got()));
  }

  function frame() {
    frameAt = now();
    if (state !== "live" && !video.paused) {
      tell("live");
      tune();
    }
    onFrame();
  }

  function look(mine) {
    if (mine !== turn || document.hidden) return;
    const silent = now() - frameAt > PICTURE_WITHIN;
    if (stream && video.paused && video.readyState >= 2) {
      if (state !== "tap_to_play" && now() - openedAt > 1000) tell("tap_to_play");
    } else if (silent && ["starting", "live"].includes(state)) tell("stalled");
  }

  async function listLenses(mine = turn) {
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    if (mine !== turn) return;
    const found = all.filter((device) => device.kind === "videoinput" && device.deviceId);
    const changed = found.length !== lenses.length;
    lenses = found.map((device) => device.deviceId);
    if (changed) tell();
  }

  // Chrome knows a camera's abilities only once pictures come.
  async function tune() {
    const [mine, can] = [turn, track()?.getCapabilities?.() ?? {}];
    if (Boolean(can.torch) !== torch) {
      torch = Boolean(can.torch);
      tell();
    }
    const set = adjustments(can);
    if (Object.keys(set).length && mine === turn) await apply(set);
  }

  const apply = (set) => track().applyConstraints({ advanced: [set] }).then(() => true, () => false);

  function hide() {
    // Unanswered, it is left to answer: asking again would show the question again.
    if (!wanted || (!stream && !["starting", "stalled", "in_use", "no_camera", "failed"].includes(state))) return;
    if (asking && state === "starting") return;
    release();
    tell("paused");
  }

  function show() {
    if (!wanted || document.hidden) return;
    const ended = stream && (track().readyState === "ended" || (track().muted && state === "stalled"));
    if (state === "paused" || ended) open();
  }

  const onVisibility = () => (document.hidden ? hide() : show());
  const onDevices = () => (state === "no_camera" ? open() : listLenses());
  const wiring = [
    [document, "visibilitychange", onVisibility],
    [window, "pagehide", hide],
    [window, "pageshow", show],
    [window, "focus", show],
    [navigator.mediaDevices, "devicechange", onDevices],
  ];

  return {
    get state() {
      return state;
    },
    /** Asks for the camera; also the "try again" of every state. With a running camera it does nothing. */
    async start() {
      if (wanted && (stream ? state !== "stalled" : asking && state === "starting")) return;
      if (!wanted) for (const [target, event, act] of wiring) target?.addEventListener(event, act);
      wanted = true;
      await open();
    },
    /** Gives the camera back. */
    stop() {
      for (const [target, event, act] of wiring) target?.removeEventListener(event, act);
      wanted = false;
      release();
      state = "";
    },
    /** Starts the picture; call it in the tap that `tap_to_play` asks for. */
    play,
    /** The next camera in the list; remembered if it opens, else the one before comes back. Resolves to whether it opened. */
    async switchLens() {
      if (lenses.length < 2) return false;
      const before = current;
      const next = lenses[(lenses.indexOf(before) + 1) % lenses.length];
      await open(next);
      if (stream && current === next) {
        memory.set(next);
        return true;
      }
      if (wanted && !stream && !asking) await open(before);
      return false;
    },
    /** Lights or puts out the lamp; resolves to whether it did. */
    async setTorch(on) {
      if (!torch || !stream) return false;
      const done = await apply({ ...adjustments(track().getCapabilities()), torch: on });
      if (done || (await apply({ torch: on }))) {
        torchOn = on;
        tell();
        return true;
      }
      return false;
    },
  };
}
