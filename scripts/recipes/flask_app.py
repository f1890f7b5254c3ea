# SPDX-License-Identifier: MIT
"""Flask: python3 flask_app.py PORT"""
import sys

from flask import Flask, jsonify, redirect, request

app = Flask(__name__)


@app.post("/pay")
def pay():
    return redirect("/v2/pay", code=307)


@app.post("/pay-302")
def pay_302():
    return redirect("/v2/pay")  # the helper's default is 302


@app.route("/v2/pay", methods=["GET", "POST"])
def paid():
    return jsonify(method=request.method, content=len(request.get_data()))


# The trailing slash: /orders is answered with 308 to /orders/, which keeps a POST.
@app.route("/orders/", methods=["GET", "POST"])
def orders():
    return jsonify(method=request.method, content=len(request.get_data()))


app.run("127.0.0.1", int(sys.argv[1]))
