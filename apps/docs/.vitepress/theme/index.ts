import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import HomeShowcase from './components/HomeShowcase.vue';
import LiveExample from './components/LiveExample.vue';
import PaperTable from './components/PaperTable.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('HomeShowcase', HomeShowcase);
    app.component('LiveExample', LiveExample);
    app.component('PaperTable', PaperTable);
  },
} satisfies Theme;
