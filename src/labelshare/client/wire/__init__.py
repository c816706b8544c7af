"""What crosses the network, to the field: the API answers with these, and the client reads them."""
