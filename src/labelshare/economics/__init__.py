"""What each way of answering earns: strategies played through the rules that decide money."""
