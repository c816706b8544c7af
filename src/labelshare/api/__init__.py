"""The oracle's HTTP API: routes over `oracle.desk`, and what guards them. It holds no keys."""
