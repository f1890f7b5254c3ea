// SPDX-License-Identifier: MIT
//
// The server-sent events: tells when something changed, and whether the server is there.

const AGAIN_MS = 2000;

// onChange() after anything changed, also when the connection is back; onState("live" | "lost").
export function follow({ onChange, onState }) {
	let source = null;
	let timer = null;

	const open = () => {
		source = new EventSource("/api/v1/events");
		source.addEventListener("open", () => {
			onState("live");
			onChange();
		});
		source.addEventListener("chains", () => onChange());
		source.addEventListener("error", () => {
			onState("lost");
			if (source.readyState === EventSource.CLOSED) { // the browser has given up; we have not
				clearTimeout(timer);
				timer = setTimeout(open, AGAIN_MS);
			}
		});
	};
	open();
	// A page that is left must not hold a connection, so that a browser may keep it for the way back.
	addEventListener("pagehide", () => source.close());
	addEventListener("pageshow", (event) => {
		if (event.persisted)
			open();
	});
}
