# SPDX-License-Identifier: MIT
# Ruby's open-uri: GET only. It takes proxy and roots from the environment and follows redirects.
require 'open-uri'

method, url, *rest = ARGV
abort "open-uri knows no #{method}" unless method == 'GET'
fields = {}
until rest.empty?
  abort 'what is this?' unless rest.shift == '--header'
  fields.store(*rest.shift.split(': ', 2))
end
URI.parse(url).open(fields.merge(read_timeout: 20)) { |answer| puts "#{answer.status[0]} #{answer.base_uri}" }
