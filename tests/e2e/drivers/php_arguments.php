<?php
// SPDX-License-Identifier: MIT
// The command line of the PHP drivers: METHOD URL [--body FILE] [--header 'Name: value']...

function arguments(array $given): array
{
    [, $method, $url] = $given;
    $body = null;
    $fields = [];
    for ($at = 3; $at < count($given); $at += 2) {
        if ($given[$at] === '--body') {
            $body = file_get_contents($given[$at + 1]);
            $fields[] = 'Content-Type: application/octet-stream';
        } elseif ($given[$at] === '--header') {
            $fields[] = $given[$at + 1];
        } else {
            exit("what is {$given[$at]}?\n");
        }
    }
    return [$method, $url, $body, $fields];
}
