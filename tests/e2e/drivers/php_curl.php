<?php
// SPDX-License-Identifier: MIT
// PHP's curl extension. It takes the proxy from the environment; libcurl reads no variable for the roots: one line.

require __DIR__ . '/php_arguments.php';

[$method, $url, $body, $fields] = arguments($argv);
$curl = curl_init($url);
curl_setopt_array($curl, [
    CURLOPT_FOLLOWLOCATION => true,
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => $fields,
    CURLOPT_TIMEOUT => 20,
    CURLOPT_CAINFO => getenv('SSL_CERT_FILE'),
]);
if ($method === 'POST') {
    curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
} elseif ($method !== 'GET') {
    curl_setopt($curl, CURLOPT_CUSTOMREQUEST, $method);
}
if (curl_exec($curl) === false) {
    fwrite(STDERR, curl_error($curl) . "\n");
    exit(1);
}
echo curl_getinfo($curl, CURLINFO_RESPONSE_CODE), ' ', curl_getinfo($curl, CURLINFO_EFFECTIVE_URL), "\n";
