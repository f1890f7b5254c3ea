// SPDX-License-Identifier: MIT
//
// Numbers, times and sizes as people read them. Pure.

const exact = new Intl.NumberFormat("en");

export function count(n) {
	return exact.format(n ?? 0);
}

// counted(1, "chain") is "1 chain", counted(2, "chain") is "2 chains".
export function counted(n, noun) {
	return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

function three(value) {
	return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

// 820 µs, 3.41 ms, 12.5 s, 3 min 20 s
export function duration(us) {
	if (us === null || us === undefined || Number.isNaN(us))
		return "";
	if (us < 1000)
		return `${us} µs`;
	if (us < 1e6)
		return `${three(us / 1000)} ms`;
	if (us < 60e6)
		return `${three(us / 1e6)} s`;
	const seconds = Math.round(us / 1e6);
	return `${count(Math.floor(seconds / 60))} min ${seconds % 60} s`;
}

export function bytes(n) {
	if (n === null || n === undefined)
		return "";
	if (n < 10240)
		return `${count(n)} B`;
	if (n < 1024 * 1024)
		return `${three(n / 1024)} KiB`;
	return n < 1024 ** 3 ? `${three(n / 1024 ** 2)} MiB` : `${three(n / 1024 ** 3)} GiB`;
}

const two = (n) => String(n).padStart(2, "0");

// The clock of this machine: the time alone for today, else with the date, and with the year where it is another one.
export function clock(rfc3339, { fraction = false, now = new Date() } = {}) {
	const at = new Date(rfc3339);
	if (Number.isNaN(at.getTime()))
		return String(rfc3339 ?? "");
	const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
	const exactly = fraction ? `${time}.${String(at.getMilliseconds()).padStart(3, "0")}` : time;
	const year = at.getFullYear() === now.getFullYear() ? "" : `${at.getFullYear()}-`;
	const day = `${year}${two(at.getMonth() + 1)}-${two(at.getDate())}`;
	return at.toDateString() === now.toDateString() ? exactly : `${day} ${exactly}`;
}
