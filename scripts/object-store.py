#!/usr/bin/env python3
"""What object-store-check.sh asks of a store: buckets, objects, a snapshot, and a proxy that breaks connections off."""

import json
import pathlib
import re
import socket
import sys
import threading
import urllib.request

import boto3


def objects(client, bucket, prefix):
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])


def put(client, folder, bucket, prefix):
    """All files of a folder."""
    root = pathlib.Path(folder)
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        client.upload_file(str(path), bucket, f"{prefix}/{path.relative_to(root).as_posix()}")


def get(client, bucket, prefix, folder):
    """All objects below a prefix, hidden ones left out."""
    for found in objects(client, bucket, prefix + "/"):
        key = found["Key"][len(prefix) + 1 :]
        if not any(part.startswith(".") for part in key.split("/")):
            path = pathlib.Path(folder, key)
            path.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, found["Key"], str(path))


def snapshot(client, bucket, prefix):
    """Every object with what tells that it was written again."""
    for found in objects(client, bucket, prefix):
        print(found["Key"], found["ETag"], found["Size"], found["LastModified"].isoformat())


def key(iam):
    """A user that may do anything, for a server that checks credentials."""
    iam.create_user(UserName="check")
    every = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="check", PolicyName="all", PolicyDocument=json.dumps(every))
    made = iam.create_access_key(UserName="check")["AccessKey"]
    print(made["AccessKeyId"], made["SecretAccessKey"])


def pass_on(source, target, allowed):
    try:
        while data := source.recv(1 << 16):
            kept = allowed(data)
            target.sendall(data[:kept])
            if kept < len(data):
                break
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def proxy(port, upstream, mode, pattern):
    """Passes connections on. `refuse`: not requests that match; `cut`: of their answers, only the first bytes."""
    wanted = re.compile(pattern.encode())
    server = socket.create_server(("127.0.0.1", int(port)))
    while True:
        client, _ = server.accept()
        store = socket.create_connection(("127.0.0.1", int(upstream)))
        matched = threading.Event()

        def request(data, matched=matched):
            if wanted.search(data.split(b"\r\n", 1)[0]):
                matched.set()
                return 0 if mode == "refuse" else len(data)
            return len(data)

        def answer(data, matched=matched):
            return min(len(data), 600) if mode == "cut" and matched.is_set() else len(data)

        for source, target, allowed in ((client, store, request), (store, client, answer)):
            threading.Thread(target=pass_on, args=(source, target, allowed), daemon=True).start()


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "proxy":
        return proxy(*arguments)
    if command == "ports":
        held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(arguments[0]))]
        return print(*(of.getsockname()[1] for of in held))
    if command == "key":
        return key(boto3.client("iam"))
    if command == "trust":
        # For how many requests the server of the check asks for no credentials.
        url, count = arguments
        request = urllib.request.Request(url + "/moto-api/reset-auth", count.encode(), {"Content-Type": "text/plain"})
        return urllib.request.urlopen(request).close()
    client = boto3.client("s3")
    if command == "bucket":
        return client.create_bucket(Bucket=arguments[0])
    if command == "file":
        return client.upload_file(*arguments)
    return {"put": put, "get": get, "snapshot": snapshot}[command](client, *arguments)


if __name__ == "__main__":
    main()
