#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Perl's LWP::UserAgent. It takes the proxy from the environment only when it is told to (env_proxy), the roots from
# PERL_LWP_SSL_CA_FILE, and follows for GET and HEAD; for POST it is told to.
use strict;
use warnings;
use HTTP::Request;
use LWP::UserAgent;

my ($method, $url, @rest) = @ARGV;
my $request = HTTP::Request->new($method, $url);
while (my $option = shift @rest) {
	my $value = shift @rest;
	if ($option eq '--body') {
		open my $file, '<:raw', $value or die "$value: $!\n";
		local $/;
		$request->content(scalar <$file>);
		$request->header('Content-Type' => 'application/octet-stream');
	} elsif ($option eq '--header') {
		$request->header(split /: /, $value, 2);
	} else {
		die "what is $option?\n";
	}
}
my $client = LWP::UserAgent->new(env_proxy => 1, timeout => 20);
push @{$client->requests_redirectable}, 'POST';
my $answer = $client->request($request);
# What LWP says itself, having had no answer.
die $answer->status_line, "\n" if ($answer->header('Client-Warning') // '') eq 'Internal response';
print $answer->code, ' ', $answer->request->uri, "\n";
