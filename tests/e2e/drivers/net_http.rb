# SPDX-License-Identifier: MIT
# Ruby's net/http, which takes proxy and roots from the environment and follows nothing: the loop is the one of its
# documentation, with the method kept where the status asks for it.
require 'net/http'
require 'openssl'

method, url, *rest = ARGV
body = nil
fields = {}
until rest.empty?
  case option = rest.shift
  when '--body'
    body = File.binread(rest.shift)
    fields['Content-Type'] = 'application/octet-stream'
  when '--header' then fields.store(*rest.shift.split(': ', 2))
  else abort "what is #{option}?"
  end
end

uri = URI(url)
answer = nil
10.times do
  request = Net::HTTPGenericRequest.new(method, !body.nil?, true, uri, fields)
  request.body = body
  answer = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https', read_timeout: 20) do |http|
    http.request(request)
  end
  break unless answer.is_a?(Net::HTTPRedirection) && answer['location']

  target = URI.join(uri, answer['location'])
  fields.delete('Authorization') unless target.host == uri.host
  uri = target
  next if %w[307 308].include?(answer.code) || %w[GET HEAD].include?(method)

  method = 'GET'
  body = nil
  fields.delete('Content-Type')
end
puts "#{answer.code} #{uri}"
