<?php
// SPDX-License-Identifier: MIT
// PHP's own streams (file_get_contents). They read SSL_CERT_FILE, but no variable for a proxy: one line of the context.

require __DIR__ . '/php_arguments.php';

[$method, $url, $body, $fields] = arguments($argv);
$http = ['method' => $method, 'header' => $fields, 'ignore_errors' => true, 'timeout' => 20, 'protocol_version' => 1.1];
if ($body !== null) {
    $http['content'] = $body;
}
if ($proxy = getenv('https_proxy')) {
    $http['proxy'] = 'tcp://' . parse_url($proxy, PHP_URL_HOST) . ':' . parse_url($proxy, PHP_URL_PORT);
    $http['request_fulluri'] = str_starts_with($url, 'http:'); // absolute-form, as proxies want it
}
if (file_get_contents($url, false, stream_context_create(['http' => $http])) === false) {
    exit(1);
}
$status_lines = array_values(preg_grep('#^HTTP/#', $http_response_header));
echo explode(' ', end($status_lines))[1], "\n";
