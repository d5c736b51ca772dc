// Where all scripts come at once, the browser may take this one first: the socket is open before the page's code runs.
import './early';
import { render } from 'preact';
import { watchAttention } from './app/attention';
import { listen } from './app/keyboard';
import { Page } from './app/page';
import { start } from './app/state';
import './styles/main.css';

render(<Page />, document.getElementById('app')!);
listen();
watchAttention();
start();
