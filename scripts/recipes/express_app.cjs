// SPDX-License-Identifier: MIT
// Express: node express_app.cjs PORT
const express = require("express");
const app = express();

app.post("/pay", (_, response) => response.redirect(307, "/v2/pay")); // right: the payment is sent again
app.post("/pay-302", (_, response) => response.redirect("/v2/pay")); // the helper's default is 302: most clients send GET
app.post("/form", (_, response) => response.redirect(303, "/done")); // right: its result is fetched
app.get("/moved", (_, response) => response.redirect(301, "/done"));
app.all(["/v2/pay", "/done"], (request, response) => request.resume().on("end", () => response.json({ method: request.method })));

app.listen(Number(process.argv[2]), "127.0.0.1");
