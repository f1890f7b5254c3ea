// SPDX-License-Identifier: MIT
//
// Asks the control server. Every answer is JSON; what is not 200 becomes a Problem, with the column where a filter is wrong.

export class Problem extends Error {
	constructor(status, body) {
		super(body?.detail || body?.title || (status ? `the server answered ${status}` : "the server does not answer"));
		this.status = status;
		this.column = body?.column ?? null;
		this.possible = body?.possible ?? null;
	}
}

export async function ask(path, parameters = {}, signal = undefined) {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(parameters)) {
		if (value !== "" && value !== null && value !== undefined)
			query.set(name, value);
	}
	const asked = query.size ? `${path}?${query}` : path;
	let response;
	try {
		response = await fetch(asked, { signal, headers: { Accept: "application/json" } });
	} catch (error) {
		if (error.name === "AbortError")
			throw error;
		throw new Problem(0, null);
	}
	let body = null;
	try {
		body = await response.json();
	} catch (error) {
		if (error.name === "AbortError")
			throw error;
	}
	if (!response.ok || body === null)
		throw new Problem(response.status, body);
	return body;
}

export const askStatus = (signal) => ask("/api/v1/status", {}, signal);
export const askChains = (parameters, signal) => ask("/api/v1/chains", parameters, signal);
export const askChain = (id, signal) => ask(`/api/v1/chains/${encodeURIComponent(id)}`, {}, signal);
export const askFacets = (filter, signal) => ask("/api/v1/facets", { filter }, signal);
export const askRules = (signal) => ask("/api/v1/rules", {}, signal);
export const askRule = (id, signal) => ask(`/api/v1/rules/${encodeURIComponent(id)}`, {}, signal);
