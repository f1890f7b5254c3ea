// SPDX-License-Identifier: MIT
//
// A saved log that is still being read (by the fake server): the page says how far, lists what is there already, and goes
// on when all of it is.
import { countSays, equal, truth } from "../browser.mjs";
import { startFake } from "../fake_server.mjs";

export default async function importing({ open }) {
	const fake = await startFake({ chains: 50, live: false, importing: { offset: 3_000_000, size: 12_000_000 } });
	try {
		const guarded = await open(fake.url);
		const { page } = guarded;
		await countSays(page, "50 chains");
		await page.waitForSelector("#notice:not([hidden]) progress");
		truth((await page.innerText("#notice")).includes("2.86 MiB of 11.4 MiB"), "how far it is");
		equal(await page.getAttribute("#connection", "data-state"), "importing", "the state");
		await guarded.accessible("while the log is read");
		await guarded.shot("importing");
		fake.state.importing = { offset: 12_000_000, size: 12_000_000 };
		fake.add(100);
		await countSays(page, "150 chains");
		await page.waitForFunction(() => document.getElementById("connection").dataset.state === "saved");
		truth(await page.locator("#notice").isHidden(), "nothing is left to read");
	} finally {
		await fake.close();
	}
}
