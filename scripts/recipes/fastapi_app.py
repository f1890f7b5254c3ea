# SPDX-License-Identifier: MIT
"""FastAPI (Starlette): python3 fastapi_app.py PORT"""
import sys

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

app = FastAPI()


@app.post("/pay")
def pay():
    return RedirectResponse("/v2/pay")  # the helper's default is 307: right


@app.post("/pay-302")
def pay_302():
    return RedirectResponse("/v2/pay", status_code=302)


@app.api_route("/v2/pay", methods=["GET", "POST"])
async def paid(request: Request):
    return {"method": request.method, "content": len(await request.body())}


# The trailing slash: /orders is answered with 307 to an absolute URL made of what the server believes its scheme to be,
# which behind a TLS terminator is http.
@app.api_route("/orders/", methods=["GET", "POST"])
async def orders(request: Request):
    return {"method": request.method, "content": len(await request.body())}


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", proxy_headers="--behind-tls" in sys.argv)
