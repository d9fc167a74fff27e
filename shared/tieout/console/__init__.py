"""The console: pages for people, made on the server. `site` answers a request; `pages` holds one module a page.

It imports services, ports and domain, Jinja2 and Babel; neither adapters nor AWS. docs/adr/0023-console.md says how a
page is added.
"""
