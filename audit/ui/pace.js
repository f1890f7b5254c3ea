// SPDX-License-Identifier: MIT
//
// Doing things not too often, and one at a time.

// A function that runs `work` (which may return a promise) at once where it can, never twice at a time, at least `ms`
// after the last one began, and once more when it was asked for meanwhile. Nothing is done while nobody looks.
export function paced(work, ms) {
	let wanted = false;
	let running = false;
	let timer = null;
	let last = -Infinity;

	const next = async () => {
		timer = null;
		if (!wanted || running || document.hidden)
			return;
		wanted = false;
		running = true;
		last = performance.now();
		try {
			await work();
		} finally {
			running = false;
			if (wanted)
				plan();
		}
	};
	const plan = () => {
		if (timer === null)
			timer = setTimeout(next, Math.max(0, last + ms - performance.now()));
	};
	document.addEventListener("visibilitychange", () => {
		if (wanted && !running)
			plan();
	});
	return () => {
		wanted = true;
		if (!running)
			plan();
	};
}

// A function that runs `work` when it was not called for `ms`. `.cancel()` forgets the last call.
export function settled(work, ms) {
	let timer = null;
	const call = (...given) => {
		clearTimeout(timer);
		timer = setTimeout(() => work(...given), ms);
	};
	call.cancel = () => clearTimeout(timer);
	return call;
}
